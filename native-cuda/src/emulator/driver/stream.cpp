// Streams. Work is done when it is asked for, or, if streams are to be late, when someone waits for it.
#include "state.hpp"

#include <algorithm>

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

/** All streams, for ending a capture in each. */
std::set<Stream*>& streams() { return state().streams; }

bool can_go_on(const Stream* stream) {
    if (stream->queue.empty()) {
        return false;
    }
    const Work& next = stream->queue.front();
    return next.event == nullptr || next.event->done >= next.number;
}

}  // namespace

bool emulated::is_default(const void* handle) {
    auto h = reinterpret_cast<std::uint64_t>(handle);
    return handle == nullptr || h == LEGACY || h == PER_THREAD;
}

int emulated::give(Stream* stream, Work work) {
    if (state().late && stream != default_stream()) {
        stream->queue.push_back(std::move(work));
        return CODE_SUCCESS;
    }
    return work.run == nullptr ? CODE_SUCCESS : error(work.run());
}

int emulated::work_until(const std::function<bool()>& so) {
    static std::uint64_t random = 0x9e3779b97f4a7c15ull;
    while (!so()) {
        std::vector<Stream*> ready;
        for (Stream* s : streams()) {
            if (can_go_on(s)) {
                ready.push_back(s);
            }
        }
        if (ready.empty()) {
            return error(CODE_LAUNCH_TIMEOUT, "streams wait for each other");
        }
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        Stream* stream = ready[(random >> 33) % ready.size()];
        Work work = std::move(stream->queue.front());
        stream->queue.pop_front();
        if (work.run != nullptr) {
            if (int code = error(work.run())) {
                return code;
            }
        }
    }
    return CODE_SUCCESS;
}

int emulated::work_off() {
    return work_until([] {
        return std::all_of(streams().begin(), streams().end(), [](const Stream* s) { return s->queue.empty(); });
    });
}

/** Not an entry point of CUDA's: whether streams work as late as they can, which shows where someone should have waited and has not. */
SIROCCO_API cuEmulatedLate(int late) {
    SIROCCO_ENTER
    state().late = late != 0;
    return work_off();
}

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
        return give(stream, {std::move(work)});
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
    int code = work_off();
    streams().erase(stream);
    buried(stream);
    return code;
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
    return work_until([stream] { return stream->queue.empty(); });
}

SIROCCO_API cuStreamQuery(void* handle) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    return stream != nullptr && !stream->queue.empty() ? CODE_NOT_READY : cuStreamSynchronize(handle);
}

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

SIROCCO_API cuLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
    SIROCCO_ENTER
    return enqueue(stream_of(handle), 3, [=] {
        function(data);
        return Outcome{};
    });
}
