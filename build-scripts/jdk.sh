# Sourced by the scripts beside it: find_jdk sets JDK to the home of a JDK 25 or later, or explains what to do and fails.

SIROCCO_JDK_MIN=25

# What every run starts the virtual machine with. Huge pages (only Linux knows the flag) and objects that begin on cache lines, so that
# vectors do not straddle two of them: together they make convolutions up to twice as fast. Protobuf, which writes ONNX files, and JavaCPP
# use sun.misc.Unsafe. A run keeps what it needs in a few large arrays and allocates nothing else worth mentioning, so a small young generation
# (by default a third of the heap, all of it touched in time) keeps the process about as small as its plan.
SIROCCO_JVM_FLAGS=(--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Djava.awt.headless=true
    --sun-misc-unsafe-memory-access=allow -XX:+IgnoreUnrecognizedVMOptions -XX:+UseParallelGC -Xmn64m -XX:+UseTransparentHugePages -XX:ObjectAlignmentInBytes=64)

# Where golden data are: models with results of PyTorch.
SIROCCO_GOLDEN=${SIROCCO_GOLDEN:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/java-runtime/golden}

# And what the command line does besides: most of the memory, if a plan asks for it.
SIROCCO_RUN_FLAGS=(-XX:MaxRAMPercentage=75)

# Prints the feature version of the JDK at $1, or nothing if there is none.
jdk_version() {
    "$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = \([0-9]*\).*/\1/p'
}

find_jdk() {
    local on_path candidate version seen=""
    on_path=$(command -v java || true)
    if [ -n "$on_path" ]; then
        on_path=$(readlink -f "$on_path" 2>/dev/null || echo "$on_path")
        on_path=${on_path%/bin/java}
    fi
    for candidate in "${SIROCCO_JDK:-}" "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
            "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        [ -n "$candidate" ] && [ -x "$candidate/bin/java" ] || continue
        version=$(jdk_version "$candidate")
        if [ "${version:-0}" -ge "$SIROCCO_JDK_MIN" ]; then
            JDK=$candidate
            return 0
        fi
        seen="$seen
  $candidate is ${version:-of an unknown version}"
    done
    echo "sirocco: needs a JDK $SIROCCO_JDK_MIN or later and found none.${seen:+ Looked at:$seen}" >&2
    echo "Install one (for example Eclipse Temurin $SIROCCO_JDK_MIN, https://adoptium.net) and set JAVA_HOME, or SIROCCO_JDK, to its folder." >&2
    return 1
}
