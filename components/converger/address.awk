# IPv4 addresses as numbers, and networks of them.

# IPv4 addresses as numbers, to tell whether one lies in a subnet
function number_of(address,    part) {
    split(address, part, ".")
    return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
}

function lies_in(address, subnet,    part, size) {
    if (address !~ /^[0-9.]+$/ || split(subnet, part, "/") != 2)
        return 0
    size = addresses_of(part[2])
    return int(number_of(address) / size) == int(number_of(part[1]) / size)
}

# in a network of this prefix length; busybox's awk in Debian has no `^`
function addresses_of(prefix,    size) {
    for (size = 1; prefix < 32; prefix++)
        size *= 2
    return size
}

function prefix_of(range) {
    sub(/.*\//, "", range)
    return range + 0
}

function overlaps(a, b) {
    return lies_in(substr(a, 1, index(a, "/") - 1), b) || lies_in(substr(b, 1, index(b, "/") - 1), a)
}
