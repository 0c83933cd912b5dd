// Launches of kernels, and their attributes.
#include "../checks.hpp"
#include "state.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace emulated;

namespace {

/** CU_GRAPH_NODE_TYPE_KERNEL */
constexpr int KERNEL = 0;

int check(const Kernel* kernel, dim3 grid, dim3 block, unsigned shared) {
    auto bad = [&](int code, const std::string& what) { return error(code, "kernel " + kernel->name + ": " + what); };
    std::uint64_t threads = static_cast<std::uint64_t>(block.x) * block.y * block.z;
    if (threads == 0 || grid.x == 0 || grid.y == 0 || grid.z == 0) {
        return bad(CODE_INVALID_VALUE, "an empty grid or block");
    }
    if (threads > 1024 || block.z > 64 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
        return bad(CODE_INVALID_VALUE, "grid (" + std::to_string(grid.x) + "," + std::to_string(grid.y) + "," + std::to_string(grid.z) + ") of blocks of "
                + std::to_string(threads) + " threads; at most (2^31-1,65535,65535) of 1024");
    }
    if (threads > static_cast<std::uint64_t>(kernel->maxThreads)) {
        return bad(CODE_INVALID_VALUE, std::to_string(threads) + " threads in a block; it is built for at most " + std::to_string(kernel->maxThreads));
    }
    if (shared > static_cast<unsigned>(kernel->dynamicSharedLimit)) {
        return bad(CODE_INVALID_VALUE, std::to_string(shared) + " bytes of dynamic shared memory; allowed are " + std::to_string(kernel->dynamicSharedLimit)
                + " (raise CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)");
    }
    if (shared + kernel->staticShared > most_dynamic()) {
        return bad(CODE_INVALID_VALUE, "more shared memory than a block can have");
    }
    return CODE_SUCCESS;
}

/** What the next launch of this thread may touch. */
std::vector<Range>& operands() {
    static thread_local std::vector<Range> next;
    return next;
}

/** Of an environment variable KERNEL[:N]: the launch whose turn it is, the N'th of the kernels that have this in their name. */
class AskedFor {
public:
    explicit AskedFor(const char* variable) {
        if (const char* text = getenv(variable)) {
            std::string both = text;
            std::size_t colon = both.find(':');
            part = both.substr(0, colon);
            countdown = colon == std::string::npos ? 1 : atoll(both.c_str() + colon + 1);
        }
    }

    bool is(const Launch& launch) {
        return !part.empty() && launch.kernel->name.find(part) != std::string::npos && --countdown == 0;
    }

private:
    std::string part;
    long long countdown = 0;
};

/** Edges between kernels become programmatic; those from other nodes stay plain. */
void mark_edges(Node& node) {
    const auto& nodes = node.owner->nodes;
    node.programmatic = !node.after.empty() && std::all_of(node.after.begin(), node.after.end(), [&](int a) { return nodes[a]->type == KERNEL; });
}

}  // namespace

Outcome emulated::launch_and_check(const Launch& launch) {
    std::vector<Range> allocations;
    if (launch.operands.empty()) {
        for (const auto& [at, a] : state().allocations) {
            allocations.push_back({at, a.bytes});
        }
    }
    static AskedFor fault("SIROCCO_EMULATED_FAULT");
    static AskedFor hang("SIROCCO_EMULATED_HANG");
    if (hang.is(launch)) {
        for (;;) {
            pause();
        }
    }
    if (fault.is(launch)) {
        state().fault = CODE_ILLEGAL_ADDRESS;
        return {CODE_ILLEGAL_ADDRESS, "kernel " + launch.kernel->name + ": SIROCCO_EMULATED_FAULT asks for this"};
    }
    Outcome outcome = run(launch, launch.operands.empty() ? allocations : launch.operands);
    std::string damaged = find_damaged_allocation();
    if (!damaged.empty() && outcome.code == 0) {
        outcome = {CODE_ILLEGAL_ADDRESS, "kernel " + launch.kernel->name + ": " + damaged};
    }
    return outcome;
}

/**
 * A launch as cuLaunchKernel checks and keeps it: parameters are read now.
 *
 * @param overlaps see Launch
 */
static int launch_kernel(Kernel* kernel, dim3 grid, dim3 block, unsigned shared, void* handle, void** parameters, void** extra,
        bool overlaps) {
    if (!is_kernel(kernel)) {
        return error(CODE_INVALID_HANDLE, "not a kernel");
    }
    if (int code = check(kernel, grid, block, shared)) {
        return code;
    }
    if (extra != nullptr && parameters == nullptr) {
        return error(CODE_NOT_SUPPORTED, "parameters as one buffer (extra)");
    }
    if (parameters == nullptr && !kernel->parameterBytes.empty()) {
        return error(CODE_INVALID_VALUE, "kernel " + kernel->name + ": no parameters; it takes " + std::to_string(kernel->parameterBytes.size()));
    }
    Launch launch{kernel, grid, block, shared, {}, std::move(operands()), overlaps};
    operands().clear();
    for (std::size_t i = 0; i < kernel->parameterBytes.size(); i++) {
        auto p = static_cast<const unsigned char*>(parameters[i]);
        if (p == nullptr) {
            return error(CODE_INVALID_VALUE, "kernel " + kernel->name + ": parameter " + std::to_string(i) + " is missing");
        }
        launch.values.emplace_back(p, p + kernel->parameterBytes[i]);
    }
    Stream* stream = stream_of(handle);
    bool captured = stream != nullptr && stream->capture != nullptr;
    if (captured && overlaps && programmatic_edges() == 0) {
        stream->capture->invalid = true;
        return error(CODE_NOT_SUPPORTED, "programmatic edges in a graph; SIROCCO_EMULATED_PROGRAMMATIC");
    }
    int code = enqueue(stream, KERNEL, [launch = std::move(launch)] { return launch_and_check(launch); });
    if (captured && overlaps && code == CODE_SUCCESS) {
        mark_edges(*stream->capture->graph->nodes.back());
    }
    return code;
}

SIROCCO_API cuLaunchKernel(Kernel* kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void* stream,
        void** parameters, void** extra) {
    SIROCCO_ENTER
    return launch_kernel(kernel, {gx, gy, gz}, {bx, by, bz}, shared, stream, parameters, extra, false);
}

namespace {

/** CUlaunchAttribute. */
struct Attribute {
    int id;
    int padding;
    union {
        int number;
        unsigned char bytes[64];
    };
};
static_assert(sizeof(Attribute) == 72);

/** CUlaunchConfig. */
struct Config {
    unsigned gx, gy, gz, bx, by, bz, shared;
    void* stream;
    const Attribute* attributes;
    unsigned attributeCount;
};
static_assert(sizeof(Config) == 56);

/** CUlaunchAttributeID: what is known here. */
enum AttributeId {
    IGNORE = 0,
    ACCESS_POLICY_WINDOW = 1,
    COOPERATIVE = 2,
    SYNCHRONIZATION_POLICY = 3,
    CLUSTER_SCHEDULING = 5,
    PROGRAMMATIC_STREAM_SERIALIZATION = 6,
    PRIORITY = 8,
    SYNC_DOMAIN_MAP = 9,
    SYNC_DOMAIN = 10,
    SHARED_MEMORY_CARVEOUT = 14,
    NVLINK_SCHEDULING = 16,
};

/** Takes one attribute: those that only say how fast are passed over. */
int take(const Attribute& attribute, bool& overlaps) {
    switch (attribute.id) {
        case IGNORE: case ACCESS_POLICY_WINDOW: case CLUSTER_SCHEDULING: case PRIORITY: case SYNC_DOMAIN_MAP: case SYNC_DOMAIN:
        case SHARED_MEMORY_CARVEOUT: case NVLINK_SCHEDULING:
            return CODE_SUCCESS;
        case PROGRAMMATIC_STREAM_SERIALIZATION:
            if (architecture() < 90) {
                return error(CODE_NOT_SUPPORTED, "programmatic dependent launch needs sm_90");
            }
            overlaps = attribute.number != 0;
            return CODE_SUCCESS;
        case COOPERATIVE:
            return attribute.number == 0 ? CODE_SUCCESS : error(CODE_NOT_SUPPORTED, "cooperative launches are not emulated");
        default:
            return attribute.id < 0 || attribute.id > NVLINK_SCHEDULING || attribute.id == SYNCHRONIZATION_POLICY
                    ? error(CODE_INVALID_VALUE, "a launch has no attribute " + std::to_string(attribute.id))
                    : error(CODE_NOT_SUPPORTED, "launch attribute " + std::to_string(attribute.id) + " is not emulated");
    }
}

}  // namespace

SIROCCO_API cuLaunchKernelEx(const Config* c, Kernel* kernel, void** parameters, void** extra) {
    SIROCCO_ENTER
    if (c->attributeCount > 0 && c->attributes == nullptr) {
        return error(CODE_INVALID_VALUE, "launch attributes are missing");
    }
    bool overlaps = false;
    for (unsigned i = 0; i < c->attributeCount; i++) {
        if (int code = take(c->attributes[i], overlaps)) {
            return code;
        }
    }
    return launch_kernel(kernel, {c->gx, c->gy, c->gz}, {c->bx, c->by, c->bz}, c->shared, c->stream, parameters, extra, overlaps);
}

/**
 * Not an entry point of CUDA's: tells all that the next launch from this thread may read or write of global memory, as pairs of an address and
 * a number of bytes. A launch that nothing was told about may touch every allocation.
 */
SIROCCO_API cuEmulatedOperands(const std::uint64_t* pairs, int count) {
    operands().clear();
    for (int i = 0; i < count; i++) {
        operands().push_back({pairs[2 * i], pairs[2 * i + 1]});
    }
    return CODE_SUCCESS;
}
