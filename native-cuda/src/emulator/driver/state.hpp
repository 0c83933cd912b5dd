// What the emulated driver keeps, and what its entry points share.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
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
    std::shared_ptr<const std::vector<Node>> children;  // of a child graph
    struct Conditional* conditional = nullptr;          // of a conditional node
    bool programmatic = false;                          // its edges from other nodes: this kernel waits for them by itself
};

/** What a CUgraphConditionalHandle stands for: a number that a kernel sets and a conditional node looks at. */
struct Conditional {
    Graph* root;  // the graph that the handle was made for
    Context* context;
    unsigned launchValue;
    bool assigned;            // launchValue is, at each launch
    unsigned value = 0;
    Graph* body = nullptr;    // once there is a node; the node's own
};

struct Graph {
    std::vector<Node*> nodes;
    std::vector<Conditional*> conditionals;  // whose handles were made for this graph
    Graph* around = nullptr;                 // of a conditional node's body: the graph that the node is in
    std::shared_ptr<int> instances = std::make_shared<int>(0);
    ~Graph();
};

struct Executable {
    std::vector<Node> nodes;
    std::vector<Conditional*> conditionals;
    std::shared_ptr<int> instances;
    ~Executable() { --*instances; }
};

/** A capture under way: one graph that several streams may record into. */
struct Capture {
    Graph* graph;
    struct Stream* origin;
    int mode;
    std::uint64_t id;
    std::size_t first = 0;  // of the graph's nodes, that this capture adds
    bool owned = true;      // the graph was made for this capture
    bool invalid = false;
};

/** Work that a stream has been given and not done yet, or something that it waits for. */
struct Work {
    std::function<Outcome()> run;
    struct Event* event = nullptr;  // waited for, as it was recorded for the number'th time
    std::uint64_t number = 0;
};

struct Stream {
    Context* context;
    unsigned flags = 0;
    int priority = 0;
    Capture* capture = nullptr;
    std::set<int> last;  // nodes that the next one comes after
    std::deque<Work> queue;
};

struct Event {
    unsigned flags = 0;
    bool recorded = false;
    std::uint64_t asked = 0;  // how often someone has asked for a record
    std::uint64_t done = 0;   // of how many of these the stream has come by
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
    bool late = false;  // streams work when someone waits for them, and no sooner
    std::set<Stream*> streams;
    int fault = CODE_SUCCESS;  // what every call gives since a kernel failed as SIROCCO_EMULATED_FAULT asks: on hardware a context is lost then
};

State& state();

int device_count();
/** Bytes of memory of each device. */
std::size_t device_bytes();
/** Ten times the compute capability that the devices claim: 90, or what SIROCCO_EMULATED_ARCHITECTURE says. */
int architecture();
/** Shared memory of a multiprocessor; a block gets 1 KiB less. */
std::size_t multiprocessor_shared();
/** Dynamic shared memory that a block may have. */
std::size_t most_dynamic();
/** How far graphs take programmatic edges, as SIROCCO_EMULATED_PROGRAMMATIC says: 0 nowhere, 1 not in the body of a conditional node, otherwise everywhere. */
int programmatic_edges();
/** What one allocation may have. */
std::size_t largest_piece();

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

bool is_kernel(const Kernel* kernel);

/** The stream behind a handle; null and the special handles are the context's default stream. Null if it is not a stream. */
Stream* stream_of(void* handle);

/**
 * Does work now or, where the stream is capturing, adds it to the graph.
 *
 * @param children the nodes of a child graph
 */
int enqueue(Stream* stream, int nodeType, std::function<Outcome()> work, std::shared_ptr<const std::vector<Node>> children = nullptr);

/** Work for a stream that does not capture: done now, or when someone waits for it. */
int give(Stream* stream, Work work);

/** Whether a handle stands for a context's default stream. */
bool is_default(const void* handle);

/** Lets streams work, in an order that their events allow and otherwise by chance, until something is so. */
int work_until(const std::function<bool()>& so);

/** The same until nothing is left: before something is destroyed that work may need. */
int work_off();

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

/** A graph's nodes as they are now, with the bodies of conditional nodes. */
std::vector<Node> copy_of(const Graph& graph);

/** Adds a node to a graph. */
int add_node(Node** node, Graph* graph, Node* const* dependencies, std::size_t count, int type, std::function<Outcome()> run);

/** What a conditional node does: its body, as long as the value is not 0. */
Outcome run_while(const Conditional& conditional, const std::vector<Node>& body);

/** Why a graph with conditional nodes cannot be made executable; empty if it can. */
std::string find_bad_conditional(const Graph& graph);

/** Whether there is a conditional node among these. */
bool has_conditional(const std::vector<Node>& nodes);

/** How often an entry point was called. */
struct CallCount {
    const char* name;
    std::uint64_t calls = 0;
    explicit CallCount(const char* name);
};

/** Of all that were called. */
std::vector<const CallCount*>& call_counts();

/** Holds the lock; every entry point begins with one. */
struct Entry {
    std::lock_guard<std::recursive_mutex> hold{state().lock};
};

}  // namespace emulated

/** Begins an entry point that needs cuInit and a current context. */
#define SIROCCO_ENTER \
    ::emulated::Entry entry; \
    static ::emulated::CallCount counted{__func__}; \
    counted.calls++; \
    if (!::emulated::state().initialised) { return ::emulated::error(::emulated::CODE_NOT_INITIALIZED, "cuInit has not been called"); } \
    if (::emulated::current() == nullptr) { return ::emulated::error(::emulated::CODE_INVALID_CONTEXT, "no context is current to this thread"); } \
    if (::emulated::state().fault != ::emulated::CODE_SUCCESS) { return ::emulated::error(::emulated::state().fault, "since an earlier launch"); }
