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
    make_apt_folder "$dir" "$release"
    cat >"$dir/status"
    shift
    { resolve "$dir" --download-only "$@" || { apt_in "$dir" apt-get update && resolve "$dir" --download-only "$@"; }; } >"$log" 2>&1 ||
        die "apt-get could not fetch $* of $release: $(tail -n 1 "$log") (all of it: $log)"
    resolve "$dir" --simulate "$@" 2>>"$log" | while read -r what package rest; do
        [ "$what" != Inst ] || deb_of "$dir" "$package" "$rest"
    done
}

resolve() { # FOLDER OPTION PACKAGE...
    apt_in "$1" apt-get install --yes --no-install-recommends "${@:2}"
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
        lab_ssh_stdin "$1" "rm -rf $folder && mkdir -p $folder && tar -C $folder -xf -"
    lab_ssh "$1" "DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends -o APT::Sandbox::User=root \
        -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold $folder/*.deb" >"$log" 2>&1 ||
        die "$1: apt-get could not install the packages: $(tail -n 1 "$log") (all of it: $log)"
    lab_ssh "$1" rm -rf "$folder"
}
