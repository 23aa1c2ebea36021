# shellcheck shell=bash
# The registry program and the one image, made of Debian's busybox. Nothing is installed; hosts pull the image.
registry_program=$cache/programs/usr/bin/docker-registry
busybox_program=$cache/programs/bin/busybox
image_dir=$cache/images/busybox-1

images_are_ready() { [ -e "$image_dir/manifest.json" ] && [ -x "$registry_program" ]; }

make_images() {
    lock_shared_thing images "making the registry program and the image"
    fetch_programs
    make_busybox_image
    unlock_shared_thing
}

fetch_programs() {
    [ ! -x "$registry_program" ] || [ ! -x "$busybox_program" ] || return 0
    local dir=$cache/programs.part deb
    rm -rf "$dir"
    mkdir -p "$dir/debs"
    download_debs "$dir/debs" 2>/dev/null || { apt_update && download_debs "$dir/debs"; } ||
        die "apt-get could not download docker-registry and busybox-static"
    for deb in "$dir"/debs/*.deb; do dpkg -x "$deb" "$dir"; done
    rm -rf "$cache/programs"
    mv "$dir" "$cache/programs"
}

download_debs() { (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download docker-registry busybox-static); }

make_busybox_image() {
    local dir=$image_dir.part
    rm -rf "$dir"
    mkdir -p "$dir"
    fill_image_root "$dir/root"
    tar -C "$dir/root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$dir/layer.tar" .
    write_image_config "$(sha256_of "$dir/layer.tar")" >"$dir/config.json"
    gzip -n "$dir/layer.tar"
    write_image_manifest "$dir" >"$dir/manifest.json"
    rm -rf "$dir/root" "$image_dir"
    mv "$dir" "$image_dir"
}

fill_image_root() {
    local root=$1 applet
    mkdir -p "$root"/{bin,tmp,etc,root,www/cgi-bin}
    chmod 1777 "$root/tmp"
    cp "$busybox_program" "$root/bin/busybox"
    for applet in $("$busybox_program" --list); do
        [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'hello' >"$root/www/index.html"
    image_start_program >"$root/bin/start"
    image_peer_page >"$root/www/cgi-bin/peer"
    chmod 755 "$root/bin/start" "$root/www/cgi-bin/peer"
}

# Process 1 ignores SIGTERM unless it catches it, and Docker would wait 10 s for each container it stops.
image_start_program() {
    printf '%s\n' '#!/bin/sh' "trap 'exit 0' TERM INT" 'httpd -p 80 -h /www' 'while :; do sleep 3600 & wait $!; done'
}

# Tells a caller what address it is seen with.
image_peer_page() {
    # shellcheck disable=SC2016
    printf '%s\n' '#!/bin/sh' \
        'printf "Content-Type: text/plain\r\n\r\n%s sees %s\n" "$(hostname)" "$REMOTE_ADDR"'
}

write_image_config() {
    cat <<E
{"architecture":"$(dpkg --print-architecture)","os":"linux","created":"1970-01-01T00:00:00Z",
"config":{"Cmd":["/bin/start"],"Env":["PATH=/bin"],"WorkingDir":"/"},
"rootfs":{"type":"layers","diff_ids":["sha256:$1"]},"history":[{"created":"1970-01-01T00:00:00Z"}]}
E
}

write_image_manifest() {
    local config=$1/config.json layer=$1/layer.tar.gz docker=application/vnd.docker
    cat <<E
{"schemaVersion":2,"mediaType":"$docker.distribution.manifest.v2+json",
"config":{"mediaType":"$docker.container.image.v1+json","size":$(stat -c %s "$config"),"digest":"sha256:$(sha256_of "$config")"},
"layers":[{"mediaType":"$docker.image.rootfs.diff.tar.gzip","size":$(stat -c %s "$layer"),"digest":"sha256:$(sha256_of "$layer")"}]}
E
}

sha256_of() { sha256sum "$1" | cut -d' ' -f1; }

# push_image BASE_URL [CURL_OPTION...]: what `docker push` does, without a Docker on this machine.
push_image() {
    local url=$1/v2/busybox
    shift
    push_blob "$url" "$image_dir/config.json" "$@"
    push_blob "$url" "$image_dir/layer.tar.gz" "$@"
    curl -sSf "$@" -o /dev/null -X PUT --data-binary "@$image_dir/manifest.json" \
        -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' "$url/manifests/1"
}

push_blob() {
    local url=$1 file=$2 place
    shift 2
    place=$(curl -sSf "$@" -o /dev/null -X POST -w '%header{location}' "$url/blobs/uploads/")
    curl -sSf "$@" -o /dev/null -X PUT --data-binary "@$file" -H 'Content-Type: application/octet-stream' \
        "$place&digest=sha256:$(sha256_of "$file")"
}
