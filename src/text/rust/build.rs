// Generates the C++ side of the bridge and copies it to where CMake compiles it, with the same
// compiler and flags as everything else. Cargo itself only builds the Rust archive.
use std::path::{Path, PathBuf};
use std::{env, fs};

fn copy(from: &Path, to: &Path) {
    let content = fs::read(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    if fs::read(to).is_ok_and(|present| present == content) {
        return;
    }
    fs::create_dir_all(to.parent().expect("a file has a folder")).expect("bridge folder");
    fs::write(to, content).unwrap_or_else(|e| panic!("{}: {e}", to.display()));
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/bridge.rs");
    println!("cargo:rerun-if-env-changed=SANCTUM_BRIDGE_DIR");
    let _ = cxx_build::bridge("src/bridge.rs");
    let Some(target) = env::var_os("SANCTUM_BRIDGE_DIR").map(PathBuf::from) else {
        return;
    };
    let generated = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("cxxbridge");
    copy(
        &generated.join("sources/sanctum-text/src/bridge.rs.cc"),
        &target.join("text_bridge/bridge.cc"),
    );
    copy(
        &generated.join("include/sanctum-text/src/bridge.rs.h"),
        &target.join("text_bridge/bridge.h"),
    );
    copy(&generated.join("include/rust/cxx.h"), &target.join("rust/cxx.h"));
}
