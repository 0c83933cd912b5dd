// Captures: a stream that records what it is given into a graph.
#include "state.hpp"

using namespace emulated;

/** @param graph to record into; null for a new one */
static int begin_capture(void* handle, int mode, Graph* graph, std::set<int> after) {
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return error(CODE_INVALID_HANDLE, "not a stream");
    }
    if (is_default(handle)) {
        return error(CODE_STREAM_CAPTURE_UNSUPPORTED, "the default stream cannot capture");
    }
    if (stream->capture != nullptr) {
        return error(CODE_ILLEGAL_STATE, "the stream is capturing already");
    }
    bool owned = graph == nullptr;
    graph = owned ? born(new Graph) : graph;
    stream->capture = new Capture{graph, stream, mode, ++state().captureCount, graph->nodes.size(), owned};
    stream->last = std::move(after);
    state().captures.insert(stream->capture);
    return CODE_SUCCESS;
}

SIROCCO_API cuStreamBeginCapture_v2(void* handle, int mode) {
    SIROCCO_ENTER
    return begin_capture(handle, mode, nullptr, {});
}

SIROCCO_API cuStreamBeginCaptureToGraph(void* handle, Graph* graph, Node* const* dependencies, const void*, std::size_t count, int mode) {
    SIROCCO_ENTER
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
    return begin_capture(handle, mode, graph, std::move(after));
}

SIROCCO_API cuStreamEndCapture(void* handle, Graph** graph) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    *graph = nullptr;
    if (stream == nullptr || stream->capture == nullptr) {
        return error(CODE_ILLEGAL_STATE, "the stream is not capturing");
    }
    Capture* capture = stream->capture;
    if (capture->origin != stream) {
        return error(CODE_STREAM_CAPTURE_UNMATCHED, "the capture began in another stream");
    }
    // Every node must come before the end of the stream that the capture began in.
    std::set<int> joined;
    std::vector<int> open(stream->last.begin(), stream->last.end());
    while (!open.empty()) {
        int node = open.back();
        open.pop_back();
        if (joined.insert(node).second) {
            const std::set<int>& after = capture->graph->nodes[node]->after;
            open.insert(open.end(), after.begin(), after.end());
        }
    }
    bool unjoined = false;
    for (std::size_t node = capture->first; node < capture->graph->nodes.size(); node++) {
        unjoined |= joined.count(static_cast<int>(node)) == 0;
    }
    for (Stream* s : state().streams) {
        if (s->capture == capture) {
            s->capture = nullptr;
            s->last.clear();
        }
    }
    state().captures.erase(capture);
    int code = capture->invalid ? error(CODE_STREAM_CAPTURE_INVALIDATED)
            : unjoined ? error(CODE_STREAM_CAPTURE_UNJOINED, "another stream's work is not waited for")
            : CODE_SUCCESS;
    if (code == CODE_SUCCESS) {
        *graph = capture->graph;
    } else if (capture->owned) {
        buried(capture->graph);
    }
    delete capture;
    return code;
}

SIROCCO_API cuStreamIsCapturing(void* handle, int* status) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return error(CODE_INVALID_HANDLE, "not a stream");
    }
    *status = stream->capture == nullptr ? 0 : stream->capture->invalid ? 2 : 1;
    return CODE_SUCCESS;
}

SIROCCO_API cuStreamGetCaptureInfo_v2(void* handle, int* status, std::uint64_t* id, Graph** graph, Node* const** dependencies, std::size_t* count) {
    if (int code = cuStreamIsCapturing(handle, status)) {
        return code;
    }
    Entry entry;
    static thread_local std::vector<Node*> last;
    Stream* stream = stream_of(handle);
    if (*status == 1) {
        last.clear();
        for (int node : stream->last) {
            last.push_back(stream->capture->graph->nodes[node]);
        }
        if (id != nullptr) { *id = stream->capture->id; }
        if (graph != nullptr) { *graph = stream->capture->graph; }
        if (dependencies != nullptr) { *dependencies = last.data(); }
        if (count != nullptr) { *count = last.size(); }
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuThreadExchangeStreamCaptureMode(int* mode) {
    *mode = 0;
    return CODE_SUCCESS;
}
