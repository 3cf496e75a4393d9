// Runs in page and workers before their own scripts. A worker counts the bytes of its GPU buffers:
// those neither destroyed nor collected, their peak, and those destroyed. The page keeps the last
// report.
{
  const channel = new BroadcastChannel("buffers");
  if (self.document) {
    self.buffers = { held: 0, peak: 0, givenBack: 0 };
    channel.onmessage = event => self.buffers = event.data;
  } else if (self.GPUBuffer) {
    const bytes = { held: 0, peak: 0, givenBack: 0 };
    let tells = false;
    const tell = () => {
      if (tells) return;
      tells = true;
      queueMicrotask(() => {
        tells = false;
        channel.postMessage(bytes);
      });
    };
    const collected = new FinalizationRegistry(size => {
      bytes.held -= size;
      tell();
    });

    const createBuffer = GPUDevice.prototype.createBuffer;
    GPUDevice.prototype.createBuffer = function (...args) {
      const buffer = createBuffer.apply(this, args);
      collected.register(buffer, buffer.size, buffer);
      bytes.held += buffer.size;
      bytes.peak = Math.max(bytes.peak, bytes.held);
      tell();
      return buffer;
    };

    const destroy = GPUBuffer.prototype.destroy;
    GPUBuffer.prototype.destroy = function () {
      if (collected.unregister(this)) {
        bytes.held -= this.size;
        bytes.givenBack += this.size;
        tell();
      }
      return destroy.call(this);
    };
  }
}
