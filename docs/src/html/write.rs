//! A page into its file: all of it, or nothing.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

use shared::{Failure, Result};

use crate::progress::note;

/// Whether a page can be written to `path` at all. To be asked before a long
/// measurement, not after it.
///
/// # Errors
///
/// A sentence: there is no such folder, or no file can be made in it.
pub fn check(path: &Path) -> Result {
    let open = || match is_special(path) {
        true => OpenOptions::new().write(true).open(path).map(drop),
        false => Draft::beside(path).map(drop),
    };
    open().map_err(|why| failed(path, &why))
}

/// Writes a page. An existing file is replaced by a whole page, or stays as it
/// was: the page is written beside it, and takes its name at the end. That is
/// told on standard error.
///
/// # Errors
///
/// A sentence: the file cannot be made, or the disk is full.
pub fn write(path: &Path, page: &str) -> Result {
    let written = match is_special(path) {
        true => OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(page.as_bytes())),
        false => Draft::beside(path).and_then(|draft| draft.publish(page)),
    };
    written.map_err(|why| failed(path, &why))?;
    note(format_args!("{} is written", path.display()));
    Ok(())
}

fn failed(path: &Path, why: &io::Error) -> Failure {
    Failure::new(format!("{}: {why}", path.display()))
}

/// A device or a pipe is written to; a page in its place would be no help.
fn is_special(path: &Path) -> bool {
    let kind = fs::metadata(path).map(|about| about.file_type());
    kind.is_ok_and(|kind| !kind.is_file() && !kind.is_dir())
}

/// A file that has not got its name yet; one that never gets it is removed.
struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    fn beside(path: &Path) -> io::Result<Draft> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Not a link is replaced, but the file that it points to.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}", process::id()));
        let path = target.with_file_name(hidden);
        let file =
            OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Draft { file, path, target })
    }

    fn publish(mut self, page: &str) -> io::Result<()> {
        self.file.write_all(page.as_bytes())?;
        self.file.sync_all()?; // a full disk may be noticed only here
        fs::rename(&self.path, &self.target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // not there, if it has its name
    }
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::fs::symlink};

    use super::*;

    /// A folder that is gone at the end of the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let name = format!("docs-write-{name}-{}", process::id());
            let path = env::temp_dir().join(name);
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).unwrap().count()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_page_replaces_another_one_also_behind_a_link() {
        let folder = Folder::new("replaces");
        let (page, link) = (folder.0.join("page"), folder.0.join("link"));
        symlink("page", &link).unwrap();
        check(&page).unwrap();
        for text in ["one", "two"] {
            write(&page, text).unwrap();
            assert_eq!(fs::read_to_string(&page).unwrap(), text);
        }
        write(&link, "three").unwrap();
        assert_eq!(fs::read_to_string(&page).unwrap(), "three");
        assert!(link.is_symlink());
        assert_eq!(folder.files(), 2);
    }

    #[test]
    fn what_cannot_be_written_is_told_in_a_line() {
        let folder = Folder::new("told");
        for wrong in ["", "no such folder/page.html"] {
            let path = folder.0.join(wrong);
            for failure in [check(&path), write(&path, "page")] {
                let told = failure.unwrap_err().to_string();
                assert!(told.starts_with(&*path.to_string_lossy()), "{told}");
            }
        }
        assert_eq!(folder.files(), 0);
    }

    #[test]
    fn a_device_is_written_to_and_stays_a_device() {
        let full = Path::new("/dev/full");
        let told = write(full, "page").unwrap_err().to_string();
        assert!(told.contains("No space left"), "{told}");
        assert!(is_special(full));
        write(Path::new("/dev/null"), "page").unwrap();
        assert!(is_special(Path::new("/dev/null")));
    }
}
