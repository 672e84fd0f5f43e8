#!/usr/bin/env bash
# Installs the Debian packages named when they are missing and we are root; otherwise says exactly what to install.
set -u
missing=()
for package in "$@"; do
  case $package in
    iproute2) command -v ip >/dev/null || [ -x /usr/sbin/ip ] || [ -x /sbin/ip ] || missing+=("$package") ;;
    iptables) command -v iptables >/dev/null || [ -x /usr/sbin/iptables ] || [ -x /sbin/iptables ] || missing+=("$package") ;;
    *) command -v "$package" >/dev/null || missing+=("$package") ;;
  esac
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${missing[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >/dev/null && exit 0
fi
for tool in apt-get:'apt-get install' dnf:'dnf install' apk:'apk add' pacman:'pacman -S' zypper:'zypper install'; do
  if command -v "${tool%%:*}" >/dev/null; then
    echo "missing: ${missing[*]}. Run as root: ${tool#*:} ${missing[*]}" >&2
    exit 1
  fi
done
echo "missing: ${missing[*]}. Install them with your system's package manager." >&2
exit 1
