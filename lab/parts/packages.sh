# shellcheck shell=bash
# More Debian packages for a host that runs: of its own release, fetched by this machine, as hosts have no internet, and
# installed by the host's own apt. What was fetched is kept for the next host.

install_packages_on() { # HOST PACKAGE...
    local name=$1 release debs
    shift
    release=$(host_fact "$name" release)
    lock_shared_thing "packages/$release" "fetching packages of $release"
    debs=$(lab_ssh "$name" cat /var/lib/dpkg/status | fetch_packages "$release" "$@") || exit 1
    unlock_shared_thing
    [ -z "$debs" ] || install_debs "$name" "$debs"
}

# The host's dpkg status on stdin. Says which files it takes, on top of what the host has. An index that is of days ago may name what the mirror has no more.
fetch_packages() { # RELEASE PACKAGE...
    local release=$1 dir=$cache/packages/$1 log=$cache/packages/$1.log
    mkdir -p "$dir"/{lists,archives}/partial
    cat >"$dir/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $release main" >"$dir/sources.list"
    shift
    { resolve "$dir" --download-only "$@" || { apt_in "$dir" update && resolve "$dir" --download-only "$@"; }; } >"$log" 2>&1 ||
        die "apt-get could not fetch $* of $release: $(tail -n 1 "$log") (all of it: $log)"
    resolve "$dir" --simulate "$@" 2>>"$log" | while read -r what package rest; do
        [ "$what" != Inst ] || deb_of "$dir" "$package" "$rest"
    done
}

resolve() { # FOLDER OPTION PACKAGE...
    apt_in "$1" install --yes --no-install-recommends "${@:2}"
}

apt_in() { # FOLDER WORD...
    apt-get -q -o Dir::Etc::SourceList="$1/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$1" -o Dir::State::Status="$1/status" -o Dir::Cache="$1" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "${@:2}" </dev/null
}

# `Inst NAME [OLD VERSION] (VERSION Debian:... [ARCHITECTURE])`
deb_of() { # FOLDER NAME REST
    local version=${3#*\(} architecture=${3##*\[}
    version=${version%% *}
    echo "$1/archives/$2_${version//:/%3a}_${architecture%%\]*}.deb"
}

install_debs() { # HOST FILES
    local folder=/var/tmp/lab-packages log=$lab_dir/$1/packages.log
    # shellcheck disable=SC2086 # split into words
    tar -cf - --transform='s,.*/,,' --absolute-names $2 |
        ssh -F "$ssh_config" -o BatchMode=yes "$1" "rm -rf $folder && mkdir -p $folder && tar -C $folder -xf -"
    lab_ssh "$1" "DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends -o APT::Sandbox::User=root \
        -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold $folder/*.deb" >"$log" 2>&1 ||
        die "$1: apt-get could not install the packages: $(tail -n 1 "$log") (all of it: $log)"
    lab_ssh "$1" rm -rf "$folder"
}
