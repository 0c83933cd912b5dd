// Graphs: recorded by a capture or built node by node, made executable, and replayed.
#include "state.hpp"

#include <algorithm>

using namespace emulated;

emulated::Graph::~Graph() {
    for (Node* node : nodes) {
        buried(node);
    }
    for (Conditional* conditional : conditionals) {
        if (conditional->body != nullptr) {
            buried(conditional->body);
        }
        if (*instances == 0) {
            buried(conditional);
        }  // else it stays: an executable graph, which may live longer, looks at it
    }
}

Outcome emulated::run_nodes(const std::vector<Node>& nodes) {
    static std::uint64_t random = 0x853c49e6748fea9bull;
    std::vector<int> waitsFor(nodes.size());
    std::vector<std::vector<int>> before(nodes.size());
    std::vector<int> ready;
    for (std::size_t i = 0; i < nodes.size(); i++) {
        waitsFor[i] = static_cast<int>(nodes[i].after.size());
        for (int a : nodes[i].after) {
            before[a].push_back(static_cast<int>(i));
        }
        if (waitsFor[i] == 0) {
            ready.push_back(static_cast<int>(i));
        }
    }
    while (!ready.empty()) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        std::swap(ready[(random >> 33) % ready.size()], ready.back());
        int next = ready.back();
        ready.pop_back();
        Outcome outcome = nodes[next].run();
        if (outcome.code != 0) {
            return outcome;
        }
        for (int b : before[next]) {
            if (--waitsFor[b] == 0) {
                ready.push_back(b);
            }
        }
    }
    return {};
}

std::vector<Node> emulated::copy_of(const Graph& graph) {
    std::vector<Node> nodes;
    for (const Node* node : graph.nodes) {
        nodes.push_back(*node);
        if (const Conditional* conditional = node->conditional) {
            nodes.back().run = [conditional, body = copy_of(*conditional->body)] { return run_while(*conditional, body); };
        }
    }
    return nodes;
}

bool emulated::has_conditional(const std::vector<Node>& nodes) {
    return std::any_of(nodes.begin(), nodes.end(), [](const Node& n) { return n.conditional != nullptr; });
}

int emulated::add_node(Node** node, Graph* graph, Node* const* dependencies, std::size_t count, int type, std::function<Outcome()> run) {
    if (!live(graph)) {
        return error(CODE_INVALID_HANDLE, "not a graph");
    }
    std::set<int> after;
    for (std::size_t i = 0; i < count; i++) {
        if (!live(dependencies[i]) || dependencies[i]->owner != graph) {
            return error(CODE_INVALID_VALUE, "a dependency is not a node of this graph");
        }
        after.insert(dependencies[i]->index);
    }
    *node = born(new Node{type, std::move(run), after, graph, static_cast<int>(graph->nodes.size())});
    graph->nodes.push_back(*node);
    return CODE_SUCCESS;
}

namespace {

/** Graph and executable handles must be live. */
int no_handle(const char* what) { return error(CODE_INVALID_HANDLE, std::string("not a ") + what); }

}  // namespace

SIROCCO_API cuGraphCreate(Graph** graph, unsigned) {
    SIROCCO_ENTER
    *graph = born(new Graph);
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphDestroy(Graph* graph) {
    SIROCCO_ENTER
    if (!live(graph)) {
        return no_handle("graph");
    }
    if (graph->around != nullptr) {
        return error(CODE_INVALID_VALUE, "the body of a conditional node goes with its node");
    }
    buried(graph);
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphInstantiateWithFlags(Executable** executable, Graph* graph, std::uint64_t) {
    SIROCCO_ENTER
    if (!live(graph)) {
        return no_handle("graph");
    }
    if (graph->around != nullptr) {
        return error(CODE_INVALID_VALUE, "the body of a conditional node is run by its node only");
    }
    std::string bad = find_bad_conditional(*graph);
    if (!bad.empty()) {
        return error(CODE_INVALID_VALUE, bad);
    }
    ++*graph->instances;
    *executable = born(new Executable{copy_of(*graph), graph->conditionals, graph->instances});
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphInstantiate_v2(Executable** executable, Graph* graph, Node** failed, char* log, std::size_t bytes) {
    if (failed != nullptr) { *failed = nullptr; }
    if (log != nullptr && bytes > 0) { *log = 0; }
    return cuGraphInstantiateWithFlags(executable, graph, 0);
}

SIROCCO_API cuGraphExecDestroy(Executable* executable) {
    SIROCCO_ENTER
    if (!live(executable)) {
        return no_handle("executable graph");
    }
    int code = work_off();
    buried(executable);
    return code;
}

SIROCCO_API cuGraphUpload(Executable* executable, void* stream) {
    SIROCCO_ENTER
    return !live(executable) ? no_handle("executable graph") : stream_of(stream) == nullptr ? no_handle("stream") : CODE_SUCCESS;
}

SIROCCO_API cuGraphLaunch(Executable* executable, void* stream) {
    SIROCCO_ENTER
    if (!live(executable)) {
        return no_handle("executable graph");
    }
    Stream* s = stream_of(stream);
    if (s == nullptr) {
        return no_handle("stream");
    }
    // Outside a capture without a copy: a launch is what is done most often.
    if (s->capture == nullptr) {
        return enqueue(s, 4, [executable] {
            for (Conditional* conditional : executable->conditionals) {
                if (conditional->assigned) {
                    conditional->value = conditional->launchValue;
                }
            }
            return run_nodes(executable->nodes);
        });
    }
    if (has_conditional(executable->nodes)) {
        return error(CODE_NOT_SUPPORTED, "a graph with conditional nodes cannot be a child graph");
    }
    auto nodes = std::make_shared<const std::vector<Node>>(executable->nodes);
    return enqueue(s, 4, [nodes] { return run_nodes(*nodes); }, nodes);
}

SIROCCO_API cuGraphClone(Graph** clone, Graph* graph) {
    SIROCCO_ENTER
    if (!live(graph)) {
        return no_handle("graph");
    }
    if (!graph->conditionals.empty()) {
        return error(CODE_NOT_SUPPORTED, "a graph with conditional nodes cannot be cloned");
    }
    *clone = born(new Graph);
    for (const Node* node : graph->nodes) {
        (*clone)->nodes.push_back(born(new Node{node->type, node->run, node->after, *clone, node->index, node->children, nullptr, node->programmatic}));
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphGetNodes(Graph* graph, Node** nodes, std::size_t* count) {
    SIROCCO_ENTER
    if (!live(graph)) {
        return no_handle("graph");
    }
    if (nodes != nullptr) {
        std::copy_n(graph->nodes.begin(), std::min(*count, graph->nodes.size()), nodes);
    }
    *count = graph->nodes.size();
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphGetRootNodes(Graph* graph, Node** nodes, std::size_t* count) {
    SIROCCO_ENTER
    if (!live(graph)) {
        return no_handle("graph");
    }
    std::size_t found = 0;
    for (Node* node : graph->nodes) {
        if (node->after.empty()) {
            if (nodes != nullptr && found < *count) {
                nodes[found] = node;
            }
            found++;
        }
    }
    *count = found;
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphNodeGetType(Node* node, int* type) {
    SIROCCO_ENTER
    if (!live(node)) {
        return no_handle("node");
    }
    *type = node->type;
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphNodeGetDependencies(Node* node, Node** dependencies, std::size_t* count) {
    SIROCCO_ENTER
    if (!live(node)) {
        return no_handle("node");
    }
    if (node->programmatic) {
        return error(CODE_LOSSY_QUERY, "edges with data");
    }
    std::size_t i = 0;
    for (int after : node->after) {
        if (dependencies != nullptr && i < *count) {
            dependencies[i] = node->owner->nodes[after];
        }
        i++;
    }
    *count = i;
    return CODE_SUCCESS;
}

SIROCCO_API cuGraphAddEmptyNode(Node** node, Graph* graph, Node* const* dependencies, std::size_t count) {
    SIROCCO_ENTER
    return add_node(node, graph, dependencies, count, 5, [] { return Outcome{}; });
}

SIROCCO_API cuGraphAddChildGraphNode(Node** node, Graph* graph, Node* const* dependencies, std::size_t count, Graph* child) {
    SIROCCO_ENTER
    if (!live(child)) {
        return no_handle("graph");
    }
    auto nodes = std::make_shared<const std::vector<Node>>(copy_of(*child));
    if (has_conditional(*nodes)) {
        return error(CODE_NOT_SUPPORTED, "a graph with conditional nodes cannot be a child graph");
    }
    int code = add_node(node, graph, dependencies, count, 4, [nodes] { return run_nodes(*nodes); });
    if (code == CODE_SUCCESS) {
        (*node)->children = nodes;
    }
    return code;
}

SIROCCO_API cuGraphAddDependencies(Graph* graph, Node* const* from, Node* const* to, std::size_t count) {
    SIROCCO_ENTER
    if (!live(graph)) {
        return no_handle("graph");
    }
    for (std::size_t i = 0; i < count; i++) {
        if (!live(from[i]) || !live(to[i]) || from[i]->owner != graph || to[i]->owner != graph) {
            return error(CODE_INVALID_VALUE, "an end of a dependency is not a node of this graph");
        }
        to[i]->after.insert(from[i]->index);
    }
    return CODE_SUCCESS;
}
