//! What is read of `Trunk.toml`.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Trunk's configuration. Paths are relative to the folder of the file, where this program runs.
#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) build: Build,
    #[serde(default)]
    hooks: Vec<Hook>,
}

/// How the page is built.
#[derive(Debug, Deserialize)]
pub(crate) struct Build {
    /// The page.
    pub(crate) target: PathBuf,
    /// The element from which the start script learns the names of the client's files.
    pattern_script: String,
    /// The elements that have browsers load them early.
    pattern_preload: String,
}

/// A command that is run before the page is built.
#[derive(Debug, Deserialize)]
struct Hook {
    stage: String,
    command: String,
    #[serde(default)]
    command_arguments: Vec<String>,
}

impl Config {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Runs the hooks, which trunk tells the folder of the page.
    pub(crate) fn run_hooks(&self, sources: &Path) -> Result<()> {
        let sources = sources.canonicalize().context("the page's folder")?;
        for hook in &self.hooks {
            if hook.stage != "pre_build" {
                bail!("a hook of the stage {} is not known here", hook.stage);
            }
            let status = Command::new(&hook.command)
                .args(&hook.command_arguments)
                .env("TRUNK_SOURCE_DIR", &sources)
                .status()
                .with_context(|| hook.command.clone())?;
            if !status.success() {
                bail!("the hook {} ended with {status}", hook.command);
            }
        }
        Ok(())
    }

    /// The elements of the page that load and start the client `name`.
    pub(crate) fn code_elements(&self, name: &str) -> String {
        [&self.build.pattern_script, &self.build.pattern_preload]
            .map(|pattern| {
                pattern
                    .replace("{base}", "/")
                    .replace("{js}", &format!("{name}.js"))
                    .replace("{wasm}", &format!("{name}_bg.wasm"))
            })
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(hooks: &str) -> Config {
        toml::from_str(&format!(
            "{hooks}\n[build]\ntarget = \"index.html\"\noffline = true\n\
             pattern_script = '<meta data-js=\"{{base}}{{js}}\">'\n\
             pattern_preload = '<link href=\"{{base}}{{wasm}}\">'\n"
        ))
        .unwrap()
    }

    #[test]
    fn the_patterns_are_filled_in() {
        assert_eq!(
            config("").code_elements("app-1"),
            "<meta data-js=\"/app-1.js\"><link href=\"/app-1_bg.wasm\">"
        );
    }

    #[test]
    fn hooks_know_the_folder_of_the_page() {
        let folder = tempfile::tempdir().unwrap();
        let hooks = "hooks = [{ stage = \"pre_build\", command = \"sh\", \
                     command_arguments = [\"-c\", 'echo made > \"$TRUNK_SOURCE_DIR/made\"'] }]";
        config(hooks).run_hooks(folder.path()).unwrap();
        let made = fs::read_to_string(folder.path().join("made")).unwrap();
        assert_eq!(made, "made\n");
    }

    #[test]
    fn a_hook_that_fails_or_is_of_another_stage_is_an_error() {
        let here = Path::new(".");
        let failing = "hooks = [{ stage = \"pre_build\", command = \"false\" }]";
        let error = config(failing).run_hooks(here).unwrap_err().to_string();
        assert!(error.contains("the hook false ended with"), "{error}");
        let later = "hooks = [{ stage = \"post_build\", command = \"true\" }]";
        let error = config(later).run_hooks(here).unwrap_err().to_string();
        assert_eq!(error, "a hook of the stage post_build is not known here");
    }

    #[test]
    fn our_configuration_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Trunk.toml");
        let config = Config::read(&path).unwrap();
        assert_eq!(config.build.target, Path::new("frontend/index.html"));
        assert!(config.hooks.iter().all(|hook| hook.stage == "pre_build"));
        assert!(config.code_elements("app-1").contains("/app-1_bg.wasm"));
    }
}
