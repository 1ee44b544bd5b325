# SPDX-License-Identifier: GPL-3.0-or-later
# What tools/demo and tools/test share; sourced, not run. Sets $root, the source folder.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# What a bare Debian 12 lacks to build and run Fovea.
packages_to_build=(build-essential pkg-config meson ninja-build glslang-tools libvulkan-dev libjson-glib-dev libyaml-dev
  libsqlite3-dev libarchive-dev libturbojpeg0-dev libpng-dev libtiff-dev libwebp-dev libxml2-dev libcairo2-dev libpango1.0-dev
  libgtk-4-dev libgtk-4-bin libadwaita-1-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gettext desktop-file-utils)
packages_to_run=(mesa-vulkan-drivers adwaita-icon-theme librsvg2-common gstreamer1.0-plugins-base gstreamer1.0-plugins-good)
# A screen that nobody sees: tests/with-display and what uses it.
packages_for_screen=(xvfb x11-utils openbox picom dbus-daemon at-spi2-core fonts-cantarell gsettings-desktop-schemas libx11-dev libxtst-dev)
packages_to_test=(vulkan-validationlayers spirv-tools appstream appstream-util librsvg2-bin libxml2-utils man-db
  "${packages_for_screen[@]}")
packages_for_flatpak=(flatpak flatpak-builder bubblewrap ostree mmdebstrap elfutils fuse3 xdg-desktop-portal xdg-desktop-portal-gtk)

say ()
{
  printf '%s\n' "$*" >&2
}

die ()
{
  say "$(basename "$0"): $*"
  exit 1
}

# Installs those of the named packages that are missing, or says in one sentence which and why it can't.
install_packages ()
{
  local missing=() package as_root=()
  command -v dpkg-query > /dev/null || return 0
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get > /dev/null || die "these packages are missing and there is no apt-get to install them: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    # sudo may ask for a password only where someone can type one.
    { [ -t 0 ] && command -v sudo > /dev/null; } || sudo -n true 2> /dev/null \
      || die "these packages are missing and installing them needs root: ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${missing[*]} …"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    die "these packages are missing and could not be installed (no network?): ${missing[*]}"
  fi
  rm -f "$log"
}

# build FOLDER [MESON OPTION]...: configures where needed, and builds.
build ()
{
  local folder=$1
  shift
  if [ -f "$folder/build.ninja" ]; then
    meson configure "$folder" "$@" > /dev/null || die "the build folder $folder does not fit; remove it and try again"
  else
    meson setup "$folder" "$root" "$@" >&2 || die "the build could not be configured (see above)"
  fi
  ninja -C "$folder" >&2 || die "the build failed (see above)"
}

# Points Vulkan at the newer Mesa that tools/mesa-backport unpacks, where that can be had. Says which is used.
use_newer_mesa ()
{
  local environment
  if environment=$("$root/tools/mesa-backport"); then
    eval "$environment"
  fi
}
