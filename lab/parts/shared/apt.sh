# shellcheck shell=bash
# Packages of a release of Debian's that need not be this machine's own.

debian_source() { # RELEASE
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $1 main"
}

# The machine's own Debian mirror, so that nothing comes from where its owner does not fetch.
debian_mirror() {
    local sites
    # shellcheck disable=SC2016
    sites=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian')
    sites=${CROSSHOST_MIRROR:-$sites}
    [ -n "$sites" ] || die "apt knows no Debian mirror on this machine: name one, CROSSHOST_MIRROR=http://..."
    echo "${sites%%$'\n'*}"
}

# A folder with a release's source, package lists and downloads; `status` in it says what is installed.
make_apt_folder() { # FOLDER RELEASE
    mkdir -p "$1"/{lists,archives}/partial
    debian_source "$2" >"$1/sources.list"
}

# A testing release may be past its date where a mirror is frozen.
apt_in() { # FOLDER PROGRAM WORD...
    "$2" -q -o Dir::Etc::SourceList="$1/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$1" -o Dir::State::Status="$1/status" -o Dir::Cache="$1" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "${@:3}" </dev/null
}
