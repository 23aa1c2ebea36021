# shellcheck shell=sh
# Private keys, which no host but this one has and nobody but root reads. What others get is the public half.

# PATH; beside it the public half, by which a key is known that somebody has put in its place
make_key() {
    (
        umask 077
        mkdir -p "${1%/*}" && wg genkey >"$1.new" && wg pubkey <"$1.new" >"$1.pub.new" && sync "$1.new" "$1.pub.new"
    ) && mv -f "$1.new" "$1" && mv -f "$1.pub.new" "$1.pub"
}

# of the unit at hand: what its resource in Pulumi's state has of it
tell_public_keys() {
    sed -n 's/^private-key \([A-Za-z0-9-]*\): .*/\1/p' "$lib_dir/$stack/units/$unit" | while read -r name; do
        printf 'public-key %s: %s\n' "$name" "$(cat "$lib_dir/$stack/keys/$name.pub")"
    done
}
