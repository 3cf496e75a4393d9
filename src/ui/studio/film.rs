//! A film in the making.

use super::{Studio, Task};
use crate::protocol::{Command, FilmId};

/// How far a film is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Film {
    /// Its id.
    pub id: FilmId,
    /// Images done.
    pub done: u32,
    /// Images in all; 0 while unknown.
    pub of: u32,
}

impl Studio {
    /// Returns the film in the making.
    pub fn film(&self) -> Option<Film> {
        self.film
    }

    /// Begins a film and returns its id; `None` while a run is live or a film in the making.
    pub fn begin_film(&mut self) -> Option<FilmId> {
        if self.is_live() || self.film.is_some() {
            return None;
        }
        self.last_id += 1;
        let id = FilmId(self.last_id);
        self.film = Some(Film { id, done: 0, of: 0 });
        Some(id)
    }

    /// Notes how far a film is. Returns whether it is still wanted.
    pub fn film_on(&mut self, id: FilmId, done: u32, of: u32) -> bool {
        let wanted = self.film.as_mut().filter(|film| film.id == id);
        let Some(film) = wanted else { return false };
        (film.done, film.of) = (done, of);
        true
    }

    /// Ends a film. Returns whether it is still wanted.
    pub fn end_film(&mut self, id: FilmId) -> bool {
        self.film.take_if(|film| film.id == id).is_some()
    }

    /// Drops the film in the making, if there is one.
    pub fn stop_film(&mut self) -> Option<Task> {
        self.film.take().map(|_| Task::Post(Command::StopFilm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Event;
    use crate::ui::settings::Settings;

    #[test]
    fn a_film_is_saved_unless_it_was_stopped() {
        let mut studio = Studio::new(Settings::default(), true);
        let id = studio.begin_film().expect("nothing else goes on");
        assert_eq!(studio.begin_film(), None, "one at a time");
        studio.apply(Event::Filming { film: id, done: 3, of: 9 });
        assert_eq!(studio.film(), Some(Film { id, done: 3, of: 9 }));
        assert_eq!(studio.apply(Event::Filmed(id)), Some(Task::SaveFilm));
        assert_eq!(studio.film(), None);

        let id = studio.begin_film().expect("the first is done");
        assert_eq!(studio.stop_film(), Some(Task::Post(Command::StopFilm)));
        assert_eq!(studio.apply(Event::Filmed(id)), None, "it comes too late");
        assert!(!studio.film_on(id, 9, 9));
    }

    #[test]
    fn a_run_takes_the_place_of_a_film() {
        let mut studio = Studio::new(Settings::default(), true);
        let id = studio.begin_film().expect("nothing else goes on");
        studio.start();
        assert_eq!((studio.film(), studio.end_film(id)), (None, false));
        assert_eq!(studio.begin_film(), None, "while a run is live");
    }
}
