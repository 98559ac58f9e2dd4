# Once nothing is to stay (of a .deb: purged): what the edge itself has written. What people have written
# in /etc/ballast is theirs.
rm -rf /var/lib/ballast
