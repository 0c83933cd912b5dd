# Reads a preprocessed .cu file in which SIROCCO_KERNEL(threads, blocks) stands unexpanded as SIROCCO_KERNEL_HERE(threads, blocks) before
# "void name(", and writes a registration for each kernel.
# Joining all lines would take quadratic time: only those where a kernel's head can stand are kept.
/SIROCCO_KERNEL_HERE\(/ { head = 8 }
head-- > 0 { text = text " " $0 }
END {
    while (match(text, /SIROCCO_KERNEL_HERE\(/)) {
        text = substr(text, RSTART + RLENGTH)
        depth = 1
        for (i = 1; depth > 0; i++) {
            c = substr(text, i, 1)
            depth += c == "(" ? 1 : c == ")" ? -1 : 0
        }
        bounds = substr(text, 1, i - 2)
        text = substr(text, i)
        if (!match(text, /^[ \t]*void[ \t]+[A-Za-z_0-9]+[ \t]*\(/)) {
            print "#error \"after SIROCCO_KERNEL(...) comes void name(...)\""
            exit
        }
        name = substr(text, RSTART, RLENGTH)
        gsub(/^[ \t]*void[ \t]+|[ \t]*\($/, "", name)
        printf "static const emulated::Registration<&%s> emulated_registration_of_%s(\"%s\", %s);\n", name, name, name, bounds
    }
}
