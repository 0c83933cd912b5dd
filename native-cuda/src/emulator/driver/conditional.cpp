// Conditional nodes, of the kind that repeats its body: made by cuGraphAddNode, steered by a kernel.
#include "state.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "../block.hpp"
#include "../intrinsics.hpp"

using namespace emulated;

namespace {

constexpr int TYPE_CONDITIONAL = 13;
constexpr int WHILE = 1;
constexpr unsigned ASSIGN_DEFAULT = 1;

/** A loop that goes on for longer would not end on a GPU either. */
constexpr long ENDLESS = 1000000;

/** CUgraphNodeParams of a conditional node; all bytes that are not named must be 0. */
struct NodeParameters {
    int type;
    int reserved0[3];
    Conditional* handle;
    int conditionalType;
    unsigned size;
    Graph** bodies;
    Context* context;
    unsigned char reserved1[29 * 8 - 32];
    long long reserved2;
};
static_assert(sizeof(NodeParameters) == 256);

bool zero(const void* at, std::size_t bytes) {
    auto p = static_cast<const unsigned char*>(at);
    return std::all_of(p, p + bytes, [](unsigned char c) { return c == 0; });
}

Graph* root_of(Graph* graph) {
    while (graph->around != nullptr) {
        graph = graph->around;
    }
    return graph;
}

/** Kinds of node that a body may have: kernel, memcpy, memset, child graph, empty, conditional. */
bool allowed(int type) { return type == 0 || type == 1 || type == 2 || type == 4 || type == 5 || type == TYPE_CONDITIONAL; }

bool allowed(const Node& node) {
    return allowed(node.type) && (node.children == nullptr
            || std::all_of(node.children->begin(), node.children->end(), [](const Node& child) { return allowed(child); }));
}

std::string find_bad_body(const Graph& body) {
    for (const Node* node : body.nodes) {
        if (!allowed(*node)) {
            return "the body of a conditional node has a node of type " + std::to_string(node->type) + ", which is not allowed there";
        }
        if (node->programmatic && programmatic_edges() < 2) {
            return "the body of a conditional node has a programmatic edge; SIROCCO_EMULATED_PROGRAMMATIC";
        }
        std::string bad = node->conditional == nullptr ? "" : find_bad_body(*node->conditional->body);
        if (!bad.empty()) {
            return bad;
        }
    }
    return "";
}

}  // namespace

Outcome emulated::run_while(const Conditional& conditional, const std::vector<Node>& body) {
    for (long i = 0; conditional.value != 0; i++) {
        if (i == ENDLESS) {
            return {CODE_LAUNCH_TIMEOUT, "a conditional node has repeated its body " + std::to_string(ENDLESS) + " times and would go on"};
        }
        Outcome outcome = run_nodes(body);
        if (outcome.code != 0) {
            return outcome;
        }
    }
    return {};
}

std::string emulated::find_bad_conditional(const Graph& graph) {
    if (!graph.conditionals.empty() && *graph.instances > 0) {
        return "a graph with conditional nodes can be instantiated once at a time";
    }
    for (const Conditional* conditional : graph.conditionals) {
        if (conditional->body == nullptr) {
            return "a conditional handle has no node";
        }
        std::string bad = find_bad_body(*conditional->body);
        if (!bad.empty()) {
            return bad;
        }
    }
    return "";
}

SIROCCO_API cuGraphConditionalHandleCreate(Conditional** handle, Graph* graph, Context* context, unsigned launchValue, unsigned flags) {
    SIROCCO_ENTER
    if (!live(graph) || graph->around != nullptr) {
        return error(CODE_INVALID_VALUE, "not a graph that a conditional handle can be made for");
    }
    const auto& contexts = state().primary;
    if (flags > ASSIGN_DEFAULT || std::none_of(contexts.begin(), contexts.end(), [=](const Context& c) { return &c == context; })) {
        return error(CODE_INVALID_VALUE, flags > ASSIGN_DEFAULT ? "flags of a conditional handle" : "not a context");
    }
    *handle = born(new Conditional{graph, context, launchValue, flags == ASSIGN_DEFAULT});
    graph->conditionals.push_back(*handle);
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphAddNode_v2(Node** node, Graph* graph, Node* const* dependencies, const void* edges, std::size_t count, const NodeParameters* p) {
    SIROCCO_ENTER
    if (p->type != TYPE_CONDITIONAL || p->conditionalType != WHILE || edges != nullptr) {
        return error(CODE_NOT_SUPPORTED, "cuGraphAddNode is emulated for conditional nodes of the kind WHILE, with plain edges");
    }
    if (!live(graph) || !live(p->handle) || p->handle->root != root_of(graph) || p->handle->body != nullptr) {
        return error(CODE_INVALID_VALUE, "not a conditional handle of this graph, or one that has a node");
    }
    if (p->size != 1 || p->context != p->handle->context || !zero(p->reserved0, sizeof p->reserved0) || !zero(p->reserved1, sizeof p->reserved1)
            || p->reserved2 != 0) {
        return error(CODE_INVALID_VALUE, "a conditional node: size 1, the handle's context, and 0 in all bytes that have no meaning");
    }
    if (int code = add_node(node, graph, dependencies, count, TYPE_CONDITIONAL, nullptr)) {
        return code;
    }
    p->handle->body = born(new Graph);
    p->handle->body->around = graph;
    (*node)->conditional = p->handle;
    // The array is the driver's, and lives as long as the node.
    const_cast<NodeParameters*>(p)->bodies = &p->handle->body;
    return CODE_SUCCESS;
}

__attribute__((no_sanitize("thread"))) void cudaGraphSetConditional(unsigned long long handle, unsigned value) {
    auto conditional = reinterpret_cast<Conditional*>(handle);
    if (!live(conditional)) {
        fail(CODE_INVALID_VALUE, "cudaGraphSetConditional: not a conditional handle");
    }
    conditional->value = value;
}
