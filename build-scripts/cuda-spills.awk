# Reads ptxas' report on a kernel's file and fails where registers spill to memory, unless native-cuda/spills.txt (the first file) lets them:
# lines of kernel, architecture and most bytes stored and loaded.
FNR == NR { if ($0 !~ /^#/ && NF >= 3) most[$1, $2] = $3; next }
/Compiling entry function/ { split($0, part, "'"); name = part[2]; arch = part[4] }
/bytes stack frame/ && $5 + $9 > most[name, arch] + 0 {
    print "error: kernel " name " spills " $5 + $9 " bytes on " arch ", allowed are " most[name, arch] + 0 \
          ": give it fewer registers' worth of work or its block fewer threads, or say in native-cuda/spills.txt why it may" > "/dev/stderr"
    failed = 1
}
END { exit failed }
