# Reads ptxas' report on a kernel's file and fails where a kernel would be slow for a reason that only the report tells: registers that spill
# to memory, and asynchronous products on tensor cores (wgmma) that ptxas makes wait for each other, or for registers: C7510 and its like.
/Compiling entry function/ { split($0, part, "'"); kernel = part[2]; architecture = part[4] }
/bytes stack frame/ && $5 + $9 > 0 {
    fail("kernel " kernel " spills " $5 + $9 " bytes of registers on " architecture ": give a thread less work, or a block fewer threads")
}
/\(C75[0-9][0-9]\)/ && match($0, /function '[^']*'/) {
    kernel = substr($0, RSTART + 10, RLENGTH - 11)
    sub(/^[^(]*/, "")
    fail("kernel " kernel " would wait for its tensor cores: " $0)
}
END { exit failed }

function fail(what) {
    print "error: " what > "/dev/stderr"
    failed = 1
}
