// What the emulated driver keeps, and what its entry points share.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../codes.hpp"
#include "../launch.hpp"

#define SIROCCO_API extern "C" __attribute__((visibility("default"))) int

namespace emulated {

using DevicePointer = std::uint64_t;

struct Allocation {
    std::size_t bytes;
    int device;  // −1: pinned memory of the host
    void* block;
};

struct Context {
    int device;
    int retained = 0;  // of a primary context
    unsigned flags = 0;
};

/** A piece of work as a graph keeps it: it can be run again and again. */
struct Node {
    int type;  // CUgraphNodeType
    std::function<Outcome()> run;
    std::set<int> after;  // indices of nodes of the same graph
    struct Graph* owner;
    int index;
};

struct Graph {
    std::vector<Node*> nodes;
    ~Graph();
};

struct Executable {
    std::vector<Node> nodes;
};

/** A capture under way: one graph that several streams may record into. */
struct Capture {
    Graph* graph;
    struct Stream* origin;
    int mode;
    std::uint64_t id;
    bool invalid = false;
};

struct Stream {
    Context* context;
    unsigned flags = 0;
    int priority = 0;
    Capture* capture = nullptr;
    std::set<int> last;  // nodes that the next one comes after
};

struct Event {
    unsigned flags = 0;
    bool recorded = false;
    std::chrono::steady_clock::time_point time;
    Capture* capture = nullptr;  // recorded while this was under way
    std::set<int> last;
};

struct Module { };

struct State {
    std::recursive_mutex lock;
    bool initialised = false;
    std::vector<Context> primary;
    std::map<DevicePointer, Allocation> allocations;
    std::vector<std::size_t> used;
    std::set<const void*> handles;  // of all that was created and not destroyed
    std::set<Capture*> captures;
    std::uint64_t captureCount = 0;
};

State& state();

int device_count();
/** Bytes of memory of each device. */
std::size_t device_bytes();
/** Ten times the compute capability that the devices claim: 90, or what SIROCCO_EMULATED_ARCHITECTURE says. */
int architecture();
/** Shared memory of a multiprocessor; a block gets 1 KiB less. */
std::size_t multiprocessor_shared();

/** Remembers what cuGetErrorString adds to the code's text, and returns the code. */
int error(int code, const std::string& detail = "");
int error(const Outcome& outcome);

/** The current context of the calling thread; null if there is none. */
Context*& current();

/** Whether a handle is one that was given out and not destroyed; adds and removes. */
bool live(const void* handle);
template <typename T> T* born(T* handle) {
    state().handles.insert(handle);
    return handle;
}
template <typename T> void buried(T* handle) {
    state().handles.erase(handle);
    delete handle;
}

/** The stream behind a handle; null and the special handles are the context's default stream. Null if it is not a stream. */
Stream* stream_of(void* handle);

/** Does work now or, where the stream is capturing, adds it to the graph. */
int enqueue(Stream* stream, int nodeType, std::function<Outcome()> work);

/** CODE_STREAM_CAPTURE_UNSUPPORTED while a capture forbids unsafe calls, else 0. */
int unsafe_in_capture(const char* call);

/** Checks the guard zones of all allocations; a message, or empty. */
std::string find_damaged_allocation();

/** The allocation that [at, at + bytes) lies in; null if it lies in none. */
const Allocation* allocation_of(DevicePointer at, std::size_t bytes);

/** Runs a launch and then checks the guard zones. */
Outcome launch_and_check(const Launch& launch);

/** Runs nodes in an order that their dependencies allow, otherwise by chance. */
Outcome run_nodes(const std::vector<Node>& nodes);

/** Holds the lock; every entry point begins with one. */
struct Entry {
    std::lock_guard<std::recursive_mutex> hold{state().lock};
};

}  // namespace emulated

/** Begins an entry point that needs cuInit and a current context. */
#define SIROCCO_ENTER \
    ::emulated::Entry entry; \
    if (!::emulated::state().initialised) { return ::emulated::error(::emulated::CODE_NOT_INITIALIZED, "cuInit has not been called"); } \
    if (::emulated::current() == nullptr) { return ::emulated::error(::emulated::CODE_INVALID_CONTEXT, "no context is current to this thread"); }
