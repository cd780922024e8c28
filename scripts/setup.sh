# shellcheck shell=bash
# What start and test share: each step says what it does, does nothing when it is done already, and names the fix when it fails.
# Sourced with ROOT set to the project's folder.

NODE_VERSION=24.21.0 # the Node that is fetched when the machine's own is older than NODE_NEEDED
NODE_NEEDED="24.12"

say() { printf 'tributary: %s\n' "$*" >&2; }
fail() {
  printf 'tributary: %s\n' "$1" >&2
  printf 'tributary: to mend it: %s\n' "$2" >&2
  exit 1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

# install_packages PACKAGE...: Debian packages, without the daemons they would start
APT_UPDATED=
install_packages() {
  may_install || return 1
  if [ -z "$APT_UPDATED" ]; then
    as_root apt-get update -qq >&2 || return 1
    APT_UPDATED=1
  fi
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod +x "$policy" && made=1
  fi
  local result=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 || result=1
  [ -z "$made" ] || as_root rm -f "$policy"
  return "$result"
}

node_suffices() {
  command -v "$1" >/dev/null 2>&1 || return 1
  "$1" -e 'const [a, b] = process.versions.node.split("."), [c, d] = process.argv[1].split("."); process.exit(+a > +c || (+a == +c && +b >= +d) ? 0 : 1)' "$NODE_NEEDED" 2>/dev/null
}

ensure_node() {
  local own="$ROOT/.node/current/bin"
  if node_suffices node; then return; fi
  if ! node_suffices "$own/node"; then
    command -v npm >/dev/null || fail "neither Node $NODE_NEEDED nor npm is on this machine" "install npm: sudo apt-get install npm"
    local machine
    case "$(uname -m)" in
      x86_64) machine=x64 ;;
      aarch64 | arm64) machine=arm64 ;;
      *) fail "there is no Node $NODE_VERSION for $(uname -m) machines" "use a 64-bit system (x86_64 or arm64)" ;;
    esac
    say "getting Node $NODE_VERSION into .node/ (this machine has $(node -v 2>/dev/null || echo none))"
    local package="node-$(uname -s | tr '[:upper:]' '[:lower:]')-$machine"
    mkdir -p "$ROOT/.node"
    (cd "$ROOT/.node" && echo '{"private":true}' >package.json && npm install --no-save --no-package-lock --no-audit --no-fund --loglevel=error "$package@$NODE_VERSION" >&2) ||
      fail "npm could not get $package@$NODE_VERSION" "check that npm reaches its registry: npm ping"
    ln -sfn "node_modules/$package" "$ROOT/.node/current"
    node_suffices "$own/node" || fail "the Node in .node/ does not run here" "delete .node/ and start again; if that fails, install Node 24 yourself"
  fi
  PATH="$own:$PATH"
  export PATH
}

# ensure_modules run|test: what running needs, or the test tools as well
ensure_modules() {
  local stamp="$ROOT/node_modules/.tributary-$1" omit=
  if [ -e "$stamp" ] && cmp -s "$stamp" "$ROOT/package-lock.json"; then return; fi
  if [ "$1" = run ]; then
    omit=--omit=dev
    # the test tools' set holds all that running needs
    if cmp -s "$ROOT/node_modules/.tributary-test" "$ROOT/package-lock.json"; then return; fi
  fi
  say "installing packages from the npm registry"
  # Not `npm ci`: it refuses a lock file in which a registry did not list the build of a tool for some foreign platform. No package's
  # install script runs: the only one we need is ffmpeg-static's, and only where the system has no ffmpeg.
  (cd "$ROOT" && npm install --no-save $omit --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
    fail "npm could not install the packages of package-lock.json" "check that npm reaches its registry (npm ping) and that the disk has 400 MB free"
  cp "$ROOT/package-lock.json" "$stamp"
}

ensure_ffmpeg() {
  if [ -n "${TRIBUTARY_FFMPEG:-}" ] || command -v ffmpeg >/dev/null; then return; fi
  local packaged="$ROOT/node_modules/ffmpeg-static/ffmpeg"
  if [ -x "$packaged" ]; then return; fi
  say "installing the system's ffmpeg (on a Raspberry Pi it is the one with hardware codecs)"
  if install_packages ffmpeg; then return; fi
  say "that is not allowed here; getting ffmpeg-static instead"
  (cd "$ROOT/node_modules/ffmpeg-static" && node install.js >&2) && [ -x "$packaged" ] && return
  fail "there is no ffmpeg on this machine, and ffmpeg-static could not be fetched" "install it: sudo apt-get install ffmpeg; or name one: TRIBUTARY_FFMPEG=/path/to/ffmpeg"
}

ensure_page() {
  local built="$ROOT/web-ui/dist/index.html"
  if [ -e "$built" ] && [ -z "$(find "$ROOT/web-ui" "$ROOT/relay/http/schemas.ts" "$ROOT/package-lock.json" -path "$ROOT/web-ui/dist" -prune -o -type f -newer "$built" -print -quit)" ]; then return; fi
  say "building the page"
  (cd "$ROOT" && npm run --silent build:page >&2) || fail "the page could not be built" "see the message above; npm run build:page repeats it"
}

# ensure_tools PACKAGE:COMMAND...: installs the packages whose command is missing; what cannot be had is left to the tests to report
ensure_tools() {
  local missing=() pair
  for pair in "$@"; do command -v "${pair#*:}" >/dev/null || missing+=("${pair%%:*}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing for the tests: ${missing[*]}"
  install_packages "${missing[@]}" || say "could not install all of: ${missing[*]}"
}
