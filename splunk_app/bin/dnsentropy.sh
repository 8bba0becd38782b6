#!/bin/sh
# Hands over to the program for this machine's processor. Splunk starts this file; its name is in commands.conf.
case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
# The usual machine is known by its loader: to ask uname takes a process, and more time than the program's own start.
if [ -e /lib64/ld-linux-x86-64.so.2 ] && [ ! -e /lib/ld-linux-aarch64.so.1 ]; then
    machine=x86_64
else
    machine=$(uname -m)
fi
case $machine in
arm64) machine=aarch64 ;;
esac
program=$here/dnsentropy-bin/dnsentropy-$machine
if [ ! -x "$program" ]; then
    echo "dnsentropy: there is no program for this machine: $program" >&2
    exit 126
fi
exec "$program" "$@"
