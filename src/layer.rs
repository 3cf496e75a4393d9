//! The layers of VGG-19 up to conv5_1, and the network's shape.

use serde::{Deserialize, Serialize};

/// A convolution of VGG-19 (Simonyan, Zisserman 2014), named `conv<block>_<index>`. Its feature map
/// is taken after the ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Layer {
    #[serde(rename = "conv1_1")]
    Conv1_1,
    #[serde(rename = "conv1_2")]
    Conv1_2,
    #[serde(rename = "conv2_1")]
    Conv2_1,
    #[serde(rename = "conv2_2")]
    Conv2_2,
    #[serde(rename = "conv3_1")]
    Conv3_1,
    #[serde(rename = "conv3_2")]
    Conv3_2,
    #[serde(rename = "conv3_3")]
    Conv3_3,
    #[serde(rename = "conv3_4")]
    Conv3_4,
    #[serde(rename = "conv4_1")]
    Conv4_1,
    #[serde(rename = "conv4_2")]
    Conv4_2,
    #[serde(rename = "conv4_3")]
    Conv4_3,
    #[serde(rename = "conv4_4")]
    Conv4_4,
    #[serde(rename = "conv5_1")]
    Conv5_1,
}

impl Layer {
    /// All layers, in the order of the network.
    pub const ALL: [Self; 13] = [
        Self::Conv1_1,
        Self::Conv1_2,
        Self::Conv2_1,
        Self::Conv2_2,
        Self::Conv3_1,
        Self::Conv3_2,
        Self::Conv3_3,
        Self::Conv3_4,
        Self::Conv4_1,
        Self::Conv4_2,
        Self::Conv4_3,
        Self::Conv4_4,
        Self::Conv5_1,
    ];

    /// The content layer (Gatys et al. 2015, section "Methods").
    pub const CONTENT: Self = Self::Conv4_2;

    /// The style layers (ibid.).
    pub const STYLE: [Self; 5] =
        [Self::Conv1_1, Self::Conv2_1, Self::Conv3_1, Self::Conv4_1, Self::Conv5_1];

    /// Returns the block, 1 to 5; a pooling separates blocks.
    pub const fn block(self) -> u32 {
        match self {
            Self::Conv1_1 | Self::Conv1_2 => 1,
            Self::Conv2_1 | Self::Conv2_2 => 2,
            Self::Conv3_1 | Self::Conv3_2 | Self::Conv3_3 | Self::Conv3_4 => 3,
            Self::Conv4_1 | Self::Conv4_2 | Self::Conv4_3 | Self::Conv4_4 => 4,
            Self::Conv5_1 => 5,
        }
    }

    /// Returns the channels of the feature map.
    pub const fn channels(self) -> usize {
        match self.block() {
            1 => 64,
            2 => 128,
            3 => 256,
            _ => 512,
        }
    }

    /// Returns the input channels: those of the layer before, or the image's three.
    pub const fn input_channels(self) -> usize {
        match self {
            Self::Conv1_1 => 3,
            Self::Conv2_1 => 64,
            Self::Conv3_1 => 128,
            Self::Conv4_1 => 256,
            other => other.channels(),
        }
    }

    /// Whether a 2×2 pooling follows this layer.
    pub const fn precedes_pooling(self) -> bool {
        matches!(self, Self::Conv1_2 | Self::Conv2_2 | Self::Conv3_4 | Self::Conv4_4)
    }

    /// Returns the stride of the feature map in image pixels, along one axis.
    pub const fn stride(self) -> u32 {
        1 << (self.block() - 1)
    }

    /// Returns its name, as in `conv4_2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conv1_1 => "conv1_1",
            Self::Conv1_2 => "conv1_2",
            Self::Conv2_1 => "conv2_1",
            Self::Conv2_2 => "conv2_2",
            Self::Conv3_1 => "conv3_1",
            Self::Conv3_2 => "conv3_2",
            Self::Conv3_3 => "conv3_3",
            Self::Conv3_4 => "conv3_4",
            Self::Conv4_1 => "conv4_1",
            Self::Conv4_2 => "conv4_2",
            Self::Conv4_3 => "conv4_3",
            Self::Conv4_4 => "conv4_4",
            Self::Conv5_1 => "conv5_1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_reads_what_the_one_before_writes() {
        for pair in Layer::ALL.windows(2) {
            assert_eq!(
                pair[0].channels(),
                pair[1].input_channels(),
                "{} into {}",
                pair[0].name(),
                pair[1].name()
            );
            assert_eq!(
                pair[0].precedes_pooling(),
                pair[0].block() != pair[1].block(),
                "{}",
                pair[0].name()
            );
        }
    }

    #[test]
    fn the_network_to_conv5_1_has_the_published_number_of_parameters() {
        let parameters: usize =
            Layer::ALL.iter().map(|l| l.channels() * (l.input_channels() * 9 + 1)).sum();
        assert_eq!(parameters, 12_944_960);
    }

    #[test]
    fn strides_double_with_each_block() {
        assert_eq!(Layer::STYLE.map(Layer::stride), [1, 2, 4, 8, 16]);
    }
}
