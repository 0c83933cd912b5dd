// Streams, events and capture. Work is done when it is asked for; a stream that captures records it instead.
#include "state.hpp"

using namespace emulated;

namespace {

constexpr std::uint64_t LEGACY = 1;
constexpr std::uint64_t PER_THREAD = 2;

Stream* default_stream() {
    static std::map<Context*, Stream*> streams;
    Stream*& s = streams[current()];
    if (s == nullptr) {
        s = new Stream{current()};
    }
    return s;
}

bool is_default(void* handle) {
    auto h = reinterpret_cast<std::uint64_t>(handle);
    return handle == nullptr || h == LEGACY || h == PER_THREAD;
}

/** All streams, for ending a capture in each. */
std::set<Stream*>& streams() {
    static std::set<Stream*> all;
    return all;
}

}  // namespace

Stream* emulated::stream_of(void* handle) {
    if (is_default(handle)) {
        return default_stream();
    }
    return live(handle) ? static_cast<Stream*>(handle) : nullptr;
}

int emulated::enqueue(Stream* stream, int nodeType, std::function<Outcome()> work, std::shared_ptr<const std::vector<Node>> children) {
    if (stream == nullptr) {
        return error(CODE_INVALID_HANDLE, "not a stream");
    }
    if (stream->capture == nullptr) {
        if (stream == default_stream()) {
            for (Stream* other : streams()) {
                if (other->capture != nullptr && (other->flags & 1) == 0) {
                    other->capture->invalid = true;
                    return error(CODE_STREAM_CAPTURE_IMPLICIT, "work in the default stream while a blocking stream is capturing");
                }
            }
        }
        return error(work());
    }
    if (stream->capture->invalid) {
        return error(CODE_STREAM_CAPTURE_INVALIDATED);
    }
    Graph* graph = stream->capture->graph;
    int index = static_cast<int>(graph->nodes.size());
    graph->nodes.push_back(born(new Node{nodeType, std::move(work), stream->last, graph, index, std::move(children)}));
    stream->last = {index};
    return CODE_SUCCESS;
}

SIROCCO_API cuStreamCreateWithPriority(Stream** stream, unsigned flags, int priority) {
    SIROCCO_ENTER
    *stream = born(new Stream{current(), flags, priority});
    streams().insert(*stream);
    return CODE_SUCCESS;
}

SIROCCO_API cuStreamCreate(Stream** stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

SIROCCO_API cuStreamDestroy_v2(Stream* stream) {
    SIROCCO_ENTER
    if (!live(stream)) {
        return error(CODE_INVALID_HANDLE, "not a stream");
    }
    streams().erase(stream);
    buried(stream);
    return CODE_SUCCESS;
}

SIROCCO_API cuStreamSynchronize(void* handle) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    if (stream == nullptr) {
        return error(CODE_INVALID_HANDLE, "not a stream");
    }
    if (stream->capture != nullptr) {
        stream->capture->invalid = true;
        return error(CODE_STREAM_CAPTURE_UNSUPPORTED, "cuStreamSynchronize of a capturing stream");
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuStreamQuery(void* handle) { return cuStreamSynchronize(handle); }

SIROCCO_API cuStreamGetFlags(void* handle, unsigned* flags) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    *flags = stream != nullptr ? stream->flags : 0;
    return stream != nullptr ? CODE_SUCCESS : error(CODE_INVALID_HANDLE, "not a stream");
}

SIROCCO_API cuStreamGetPriority(void* handle, int* priority) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    *priority = stream != nullptr ? stream->priority : 0;
    return stream != nullptr ? CODE_SUCCESS : error(CODE_INVALID_HANDLE, "not a stream");
}

SIROCCO_API cuStreamGetCtx(void* handle, Context** context) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    *context = stream != nullptr ? stream->context : nullptr;
    return stream != nullptr ? CODE_SUCCESS : error(CODE_INVALID_HANDLE, "not a stream");
}

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
    for (Stream* s : streams()) {
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

SIROCCO_API cuStreamWaitEvent(void* handle, Event* event, unsigned) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    if (stream == nullptr || !live(event)) {
        return error(CODE_INVALID_HANDLE, "not a stream or not an event");
    }
    if (event->capture != nullptr && state().captures.count(event->capture) != 0) {
        if (stream->capture != nullptr && stream->capture != event->capture) {
            return error(CODE_STREAM_CAPTURE_ISOLATION, "the event belongs to another capture");
        }
        stream->capture = event->capture;
        stream->last.insert(event->last.begin(), event->last.end());
    } else if (stream->capture != nullptr && event->recorded) {
        stream->capture->invalid = true;
        return error(CODE_STREAM_CAPTURE_ISOLATION, "a capturing stream waits for an event from outside the capture");
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
    SIROCCO_ENTER
    return enqueue(stream_of(handle), 3, [=] {
        function(data);
        return Outcome{};
    });
}

SIROCCO_API cuEventCreate(Event** event, unsigned flags) {
    SIROCCO_ENTER
    *event = born(new Event{flags});
    return CODE_SUCCESS;
}

SIROCCO_API cuEventDestroy_v2(Event* event) {
    SIROCCO_ENTER
    if (!live(event)) {
        return error(CODE_INVALID_HANDLE, "not an event");
    }
    buried(event);
    return CODE_SUCCESS;
}

SIROCCO_API cuEventRecordWithFlags(Event* event, void* handle, unsigned flags) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    if (stream == nullptr || !live(event)) {
        return error(CODE_INVALID_HANDLE, "not a stream or not an event");
    }
    auto record = [event] {
        if (live(event)) {
            event->recorded = true;
            event->time = std::chrono::steady_clock::now();
        }
        return Outcome{};
    };
    if (stream->capture != nullptr && (flags & 1) != 0) {  // CU_EVENT_RECORD_EXTERNAL: a node that records at each replay
        return enqueue(stream, 7, record);
    }
    event->capture = stream->capture;
    event->last = stream->last;
    if (stream->capture == nullptr) {
        record();
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuEventRecord(Event* event, void* stream) { return cuEventRecordWithFlags(event, stream, 0); }

SIROCCO_API cuEventSynchronize(Event* event) {
    SIROCCO_ENTER
    if (!live(event)) {
        return error(CODE_INVALID_HANDLE, "not an event");
    }
    return event->capture != nullptr && state().captures.count(event->capture) != 0
            ? error(CODE_STREAM_CAPTURE_UNSUPPORTED, "cuEventSynchronize of an event that was recorded in a capture") : CODE_SUCCESS;
}

SIROCCO_API cuEventQuery(Event* event) { return cuEventSynchronize(event); }

SIROCCO_API cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
    SIROCCO_ENTER
    if (!live(from) || !live(to) || !from->recorded || !to->recorded || ((from->flags | to->flags) & 2) != 0) {
        return error(CODE_INVALID_HANDLE, "events that were not recorded, or without timing");
    }
    *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
    return CODE_SUCCESS;
}
