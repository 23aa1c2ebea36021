# shellcheck shell=bash
# A kernel that is a process (User-Mode Linux), for hosts that shall not share this machine's: built once from Debian's
# source package, with what kernel.config names. Its folder has the program `linux`, and `root`, with its modules.
kernel_from=forky # the release of Debian, whose newest source is taken
kernel_recipe=1   # raise it when build_kernel changes
disk_recipe=1     # raise it when make_base_disk changes
kernel_config=$here/parts/shared/kernel.config
first_program=$here/parts/kernels/first
own_kernel=$cache/kernels/$kernel_from-$({ echo "$kernel_recipe" && grep '^CONFIG' "$kernel_config"; } | sha256sum | cut -c1-8)

# Runs beside others, as `lab make-kernel`.
make_kernel() {
    local part=$own_kernel.part log=$cache/kernels/$kernel_from.log
    [ "$(uname -m)" = x86_64 ] ||
        die "a kernel of a host's own runs on x86_64 only, this is $(uname -m): CROSSHOST_LAB_KERNELS=shared"
    need_programs make=make gcc="gcc libc6-dev" flex=flex bison=bison bc=bc perl=perl xz=xz-utils depmod=kmod
    lock_shared_thing "kernels/$kernel_from" "building a kernel"
    if [ ! -e "$own_kernel" ]; then
        rm -rf "$part"
        mkdir -p "$part/source" "$part/root/usr"
        # In the background, where bash ends it at the first command that fails; it does not behind an `||`.
        (trap - ERR; fetch_source "$part/source"; build_kernel "$part") >"$log" 2>&1 &
        wait $! ||
            die "the kernel could not be built: $(tail -n 1 "$log") (all of it: $log)"
        rm -rf "$part/source"
        mv "$part" "$own_kernel"
    fi
    unlock_shared_thing
}

fetch_source() { # FOLDER
    local apt=$1/apt package
    make_apt_folder "$apt" "$kernel_from"
    : >"$apt/status"
    apt_in "$apt" apt-get update
    package=$(apt_in "$apt" apt-cache depends linux-source | sed -n 's/^ *Depends: \(linux-source-[0-9.]*\)$/\1/p')
    (cd "$apt" && apt_in "$apt" apt-get download "$package")
    dpkg-deb --fsys-tarfile "$apt/$package"_*.deb | tar -xO "./usr/src/$package.tar.xz" | tar -xJ --strip-components=1 -C "$1"
    rm -r "$apt"
}

# Without debug information, which takes a third of the time. An option that Debian's source no longer has is an error.
build_kernel() { # FOLDER
    cd "$1/source" || return 1
    export ARCH=um KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab
    make KCONFIG_ALLCONFIG="$kernel_config" allnoconfig
    ! grep '^CONFIG' "$kernel_config" | grep -vxFf .config || { echo "this kernel has not the options above"; exit 1; }
    make -j"$(nproc)" linux modules
    make INSTALL_MOD_PATH="$1/root/usr" INSTALL_MOD_STRIP=1 modules_install
    rm -f "$1"/root/usr/lib/modules/*/build
    strip -o "$1/linux" linux
}

# A root with its engine and the kernel's modules as an ext4 image, which all hosts of that kind have as the part of
# their disk that they have not written to. Two engines of the same programs share it.
base_disk_of() { # ENGINE
    local root
    root=$(root_of "$(release_with "$1")")
    echo "$cache/disks/${root##*/}-$({ layers_of "$1" && echo "$own_kernel $disk_recipe" && cat "$first_program"; } | sha256sum | cut -c1-8)"
}

make_base_disk() { # ENGINE
    local disk own
    disk=$(base_disk_of "$1")
    own=$disk.part/own
    need_programs mkfs.ext4=e2fsprogs
    lock_shared_thing "disks/${disk##*/}" "making a disk with Docker $1"
    if [ ! -e "$disk" ]; then
        rm -rf "$disk.part"
        mkdir -p "$disk.part/all" "$own"/{etc,usr/sbin}
        cp "$first_program" "$own/usr/sbin/lab-first"
        echo '/dev/ubda / ext4 defaults 0 0' >"$own/etc/fstab"
        # shellcheck disable=SC2016
        contained bash -c 'mount -t overlay -o "lowerdir=$1" overlay "$2/all" && mkfs.ext4 -q -m 0 -E lazy_itable_init=0,root_owner=0:0 -d "$2/all" "$2/disk" 4G' \
            bash "$own:$own_kernel/root:$(layers_of "$1")" "$disk.part" >"$disk.log" 2>&1 ||
            die "no disk could be made: $(tail -n 1 "$disk.log") (all of it: $disk.log)"
        mv "$disk.part/disk" "$disk"
        rm -r "$disk.part" "$disk.log"
    fi
    unlock_shared_thing
}
