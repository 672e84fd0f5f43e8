#!/usr/bin/env bash
# Builds Lateen's images from the Dockerfile and the sample images under their public names, and puts them where the real cluster's registry
# (registry.ts, started by real-cluster.sh) finds them. No registry of the outside is asked: the base image is made of Debian packages and
# this package's Node under the public base's name. Needs root, buildah and debootstrap. Env: RC_HOME (default ~/.cache/real-cluster)
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
H=${RC_HOME:-$HOME/.cache/real-cluster}; layout=$H/images; node=$root/node_modules/.bin/node
base=docker.io/library/node:24-bookworm-slim
hub=docker.io/lateen; tag=${LATEEN_TAG:-$("$node" -p "JSON.parse(require('fs').readFileSync('$root/package.json')).version")}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
say() { echo "load-images: $*" >&2; }

make_base() {
  buildah inspect --type image "$base" >/dev/null 2>&1 && return
  local rootfs=$H/base/root c
  command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
  if [ ! -e "$rootfs/usr/sbin/iptables" ]; then
    say "making $base from Debian packages"; rm -rf "$rootfs"; mkdir -p "$rootfs"
    debootstrap --variant=minbase --include=iptables,iproute2,ca-certificates,curl,wget,procps bookworm "$rootfs" >"$H/debootstrap.log" 2>&1
    rm -rf "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/lib/apt/lists/* "$rootfs"/usr/share/{doc,man,locale,info}
  fi
  c=$(buildah from scratch)
  buildah copy -q "$c" "$rootfs" / >/dev/null
  buildah copy -q --chmod 755 "$c" "$(readlink -f "$node")" /usr/local/bin/node >/dev/null
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd node "$c"
  buildah commit -q --rm "$c" "$base" >/dev/null
}

publish() { buildah push -q "$1" "oci:$layout:$1" >/dev/null; }

# Node puts a program and its package.json into the image; without the bundle there is nothing to start.
(cd "$root" && npm run --silent build)
make_base
mkdir -p "$layout"
for name in pilot operator proxyv2; do
  say "building $hub/$name:$tag"
  buildah bud -q --layers --pull=never --target "$name" -t "$hub/$name:$tag" -f "$root/Dockerfile" "$root" >/dev/null
  publish "$hub/$name:$tag"
done
say "building the samples"
buildah bud -q --pull=never -t "$hub/samples:$tag" -f "$root/samples/Dockerfile" "$root" >/dev/null
publish "$hub/samples:$tag"
names=()
for version in 1.20.3 1.20.2; do
  for app in productpage-v1 details-v1 details-v2 ratings-v1 ratings-v2 reviews-v1 reviews-v2 reviews-v3; do
    names+=("docker.io/istio/examples-bookinfo-$app:$version" "registry.istio.io/release/examples-bookinfo-$app:$version")
  done
done
names+=(registry.istio.io/release/examples-helloworld-v1:1.0 registry.istio.io/release/examples-helloworld-v2:1.0
  docker.io/istio/examples-helloworld-v1:1.0 docker.io/istio/examples-helloworld-v2:1.0
  registry.istio.io/release/tcp-echo-server:1.3 docker.io/istio/tcp-echo-server:1.3 docker.io/mccutchen/go-httpbin:v2.15.0
  docker.io/kennethreitz/httpbin:latest docker.io/kong/httpbin:latest docker.io/curlimages/curl:8.16.0 docker.io/curlimages/curl:latest
  docker.io/library/nginx:latest docker.io/library/busybox:latest docker.io/library/alpine:latest)
"$node" "$root/e2e/real-cluster/derive-images.ts" "$layout" "$hub/samples:$tag" "${names[@]}" >&2
