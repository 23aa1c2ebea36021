# shellcheck shell=bash
# Which release has which engine. Docker 29 is in no Debian yet: its programs are built from their Go modules, and
# lie as a layer above the root whose packages have containerd, runc and Docker 28.
moby_module=github.com/moby/moby/v2@v2.0.0-beta.24 # of the day and the code of the release 29.8.1
moby_release=29.8.1
docker_cli=29.9.3
swarmkit=github.com/moby/swarmkit/v2@v2.1.3-0.20260828175525-ad0357aedfca # the engine's; not all proxies have the 2.1.3 of the command line
layer_of_29=$cache/engines/$moby_release-cli-$docker_cli

release_with() { # ENGINE
    case $1 in
    20.10) echo bookworm ;;
    26) echo trixie ;;
    *) echo forky ;;
    esac
}

# As overlayfs takes them: the upper ones first.
layers_of() { # ENGINE
    local root
    root=$(root_of "$(release_with "$1")")
    if is_built_here "$1"; then echo "$layer_of_29:$root"; else echo "$root"; fi
}

is_engine() { [[ " ${engines_in_turn[*]} " = *" $1 "* ]]; }
is_built_here() { [[ $1 = 29* ]]; }
is_still_to_build() { is_built_here "$1" && [ ! -d "$layer_of_29" ]; }

# Runs beside others, as `lab make-engine`.
make_engine_29() {
    local part=$layer_of_29.part log=$cache/engines/$moby_release.log
    command -v go >/dev/null ||
        die "Docker 29 is built with Go 1.26 or newer: install Go, or leave 29 out: CROSSHOST_LAB_ENGINES=20.10,26,28"
    lock_shared_thing "engines/$moby_release" "building Docker $moby_release"
    if [ ! -e "$layer_of_29" ]; then
        rm -rf "$part"
        mkdir -p "$part/usr/bin" "$part/usr/sbin"
        { build_engine "$part/usr/sbin" && build_docker_cli "$part/usr/bin"; } >"$log" 2>&1 ||
            die "Docker $moby_release could not be built: $(tail -n 1 "$log") (all of it: $log)"
        mv "$part" "$layer_of_29"
    fi
    unlock_shared_thing
}

# Without the flag it calls itself library-import.
build_engine() { # FOLDER
    local module=${moby_module%@*} version=${moby_module#*@}
    GOBIN=$1 GOFLAGS='' GOWORK=off CGO_ENABLED=0 go install -buildvcs=false \
        -ldflags "-s -w -X $module/dockerversion.Version=$moby_release" \
        "$module/cmd/dockerd@$version" "$module/cmd/docker-proxy@$version"
}

# A module of before modules: what it needs is said in its vendor.mod, as its own build has it.
build_docker_cli() { # FOLDER
    local source work
    source=$(cd / && GOWORK=off go mod download -json "github.com/docker/cli@v$docker_cli+incompatible" |
        sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p')
    work=$(mktemp -d)
    cp -r --no-preserve=mode "$source/." "$work"
    cd "$work" || return 1
    mv vendor.mod go.mod
    mv vendor.sum go.sum
    go mod edit -replace "${swarmkit%@*}=$swarmkit"
    GOFLAGS='' GOWORK=off CGO_ENABLED=0 go build -mod=mod -buildvcs=false -o "$1/docker" \
        -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=$docker_cli" ./cmd/docker
    local status=$?
    cd / && rm -rf "$work"
    return $status
}

check_exchange() { # HOST ENGINE
    is_engine "$2" || die "no engine \"$2\"; known are: ${engines_in_turn[*]}"
    [ "$(release_with "$2")" = "$(host_fact "$1" release)" ] ||
        die "$1 is $(host_fact "$1" release), and Docker $2 comes with $(release_with "$2")"
}

# As packages and an admin do: other programs, other settings, then a restart. tar takes away a program that runs before
# it writes the new one.
replace_engine() { # HOST ENGINE
    local name=$1 engine=$2 layers layer file
    IFS=: read -ra layers < <(layers_of "$engine")
    for file in usr/sbin/dockerd usr/sbin/docker-proxy usr/bin/docker; do
        for layer in "${layers[@]}"; do [ ! -e "$layer/$file" ] || break; done
        tar -C "$layer" -c "$file" | lab_ssh_stdin "$name" tar -x -C /
    done
    docker_settings "$engine" | lab_ssh_stdin "$name" tee /etc/docker/daemon.json >/dev/null
    echo "$engine" >"$lab_dir/$name/engine"
    # systemd refuses a unit that has been started often in a few seconds, as by tests
    lab_ssh "$name" 'systemctl reset-failed docker.service; systemctl restart docker' || die "$name: Docker $engine does not start: lab/lab ssh $name journalctl -u docker"
    write_lab_files
}

docker_settings() { # [ENGINE]
    local registries='"insecure-registries": ["lan-registry:5000", "lan-registry:5001"]'
    case ${1:-} in
    *-nftables) echo "{ $registries, \"firewall-backend\": \"nftables\" }" ;;
    *) echo "{ $registries }" ;;
    esac
}
