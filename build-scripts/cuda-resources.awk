# Reads how kernels are launched (native-cuda/launches.txt), the PTX of all kernels and then ptxas' reports, and writes a table: registers, shared
# memory, static and dynamic, and spills of each kernel for each architecture, and the share of a multiprocessor's 64 warps that they leave possible in a
# launch; of a kernel that is not in the first file, at its largest block. Registers are given out to warps by 256, shared memory by 128 bytes and 1 KB a
# block for the system.
function min(a, b) { return a < b ? a : b }
function up(a, unit) { return int((a + unit - 1) / unit) * unit }

FILENAME ~ /launches\.txt$/ { if (!/^#/) { block[$1, $2] = $3; dynamic[$1, $2] = $4 } next }

/\.entry / { match($0, /\.entry [A-Za-z_0-9]+/); kernel = substr($0, RSTART + 7, RLENGTH - 7); bounds[kernel] = 1024; blocks[kernel] = 1 }
/^\.maxntid / { gsub(",", ""); bounds[kernel] = $2 * ($3 == "" ? 1 : $3) * ($4 == "" ? 1 : $4) }
/^\.minnctapersm / { blocks[kernel] = $2 }

/Compiling entry function/ { split($0, part, "'"); name = part[2]; arch = part[4]; seen[name] = 1 }
/bytes stack frame/ { spills[name, arch] = $5 + $9 }
/Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers[name, arch] = substr($0, RSTART + 5, RLENGTH - 5)
    shared[name, arch] = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) + 0 : 0
}

END {
    print "| kernel | largest block | " \
          "sm_80: registers | shared | spilled | occupancy | sm_90a: registers | shared | spilled | occupancy |"
    print "|---|---|---|---|---|---|---|---|---|---|"
    count = 0
    for (k in seen) names[++count] = k
    for (i = 2; i <= count; i++) {
        k = names[i]
        for (j = i - 1; j > 0 && names[j] > k; j--) names[j + 1] = names[j]
        names[j + 1] = k
    }
    for (i = 1; i <= count; i++) {
        k = names[i]
        row = "| `" k "` | " bounds[k] " × " blocks[k]
        for (a = 1; a <= 2; a++) {
            arch = a == 1 ? "sm_80" : "sm_90a"
            if (!((k, arch) in registers)) {
                row = row " | – | – | – | –"
                continue
            }
            launched = (k, arch) in block
            warps = int(((launched ? block[k, arch] : bounds[k]) + 31) / 32)
            resident = min(32, int(64 / warps))
            resident = min(resident, int(int(65536 / up(registers[k, arch] * 32, 256)) / warps))
            resident = min(resident, int((a == 1 ? 164 : 228) * 1024 / (up(shared[k, arch] + dynamic[k, arch], 128) + 1024)))
            row = row " | " registers[k, arch] " | " shared[k, arch] (launched && dynamic[k, arch] > 0 ? " + " dynamic[k, arch] : "") " | " spills[k, arch] " | " int(resident * warps / 64 * 100 + 0.5) " %"
            if (spills[k, arch] > 0) spilling = spilling (spilling == "" ? "" : ", ") "`" k "` (" arch ")"
        }
        print row " |"
    }
    print ""
    print spilling == "" ? "No kernel spills registers." : "Spilling: " spilling "."
}
