"""Names of systemd's own units: one of the same name in /etc replaces it, and the machine may not start.

Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.special.html
"""

import re

OWN = re.compile(
    r"""
    ( basic | bluetooth | boot-complete | (remote-)?cryptsetup | cryptsetup-pre | ctrl-alt-del | default |
    emergency | exit | factory-reset | final | first-boot-complete | getty | getty-pre | graphical |
    graphical-session | graphical-session-pre | halt | hibernate | hybrid-sleep | initrd | initrd-fs |
    initrd-root-(device|fs) | initrd-switch-root | initrd-usr-fs | integritysetup | integritysetup-pre |
    kbrequest | kexec | (local|remote)-fs | (local|remote)-fs-pre | machines | multi-user | network |
    network-online | network-pre | nss-lookup | nss-user-lookup | paths | poweroff | printer | reboot |
    rescue | rpcbind | runlevel[0-6] | shutdown | sigpwr | sleep | slices | smartcard | sockets |
    soft-reboot | sound | storage-target-mode | suspend | suspend-then-hibernate | swap | sysinit |
    system-update | system-update-pre | time-set | time-sync | timers | tpm2 | umount | usb-gadget |
    (remote-)?veritysetup | veritysetup-pre | xdg-desktop-autostart
    )\.target
    | systemd-.* | (container|serial)-getty@\.service | user-runtime-dir@\.service
    """,
    re.VERBOSE,
)
