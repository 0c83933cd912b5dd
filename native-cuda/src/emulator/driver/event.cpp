// Events, and streams that wait for each other by them.
#include "state.hpp"

using namespace emulated;

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
    return stream->capture == nullptr ? give(stream, {nullptr, event, event->asked}) : CODE_SUCCESS;
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
    int code = work_off();
    buried(event);
    return code;
}

SIROCCO_API cuEventRecordWithFlags(Event* event, void* handle, unsigned flags) {
    SIROCCO_ENTER
    Stream* stream = stream_of(handle);
    if (stream == nullptr || !live(event)) {
        return error(CODE_INVALID_HANDLE, "not a stream or not an event");
    }
    auto record = [event](std::uint64_t number) {
        if (live(event)) {
            event->done = number;
            event->time = std::chrono::steady_clock::now();
        }
        return Outcome{};
    };
    if (stream->capture != nullptr && (flags & 1) != 0) {  // CU_EVENT_RECORD_EXTERNAL: a node that records at each replay
        return enqueue(stream, 7, [event, record] {
            event->recorded = true;
            return record(++event->asked);
        });
    }
    event->capture = stream->capture;
    event->last = stream->last;
    if (stream->capture != nullptr) {
        return CODE_SUCCESS;
    }
    event->recorded = true;
    return give(stream, {[record, number = ++event->asked] { return record(number); }});
}

SIROCCO_API cuEventRecord(Event* event, void* stream) { return cuEventRecordWithFlags(event, stream, 0); }

static int not_captured(Event* event, const char* call) {
    if (!live(event)) {
        return error(CODE_INVALID_HANDLE, "not an event");
    }
    return event->capture != nullptr && state().captures.count(event->capture) != 0
            ? error(CODE_STREAM_CAPTURE_UNSUPPORTED, std::string(call) + " of an event that was recorded in a capture") : CODE_SUCCESS;
}

SIROCCO_API cuEventSynchronize(Event* event) {
    SIROCCO_ENTER
    int code = not_captured(event, "cuEventSynchronize");
    return code != 0 ? code : work_until([event, asked = event->asked] { return event->done >= asked; });
}

SIROCCO_API cuEventQuery(Event* event) {
    SIROCCO_ENTER
    int code = not_captured(event, "cuEventQuery");
    return code != 0 ? code : event->done < event->asked ? CODE_NOT_READY : CODE_SUCCESS;
}

SIROCCO_API cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
    SIROCCO_ENTER
    if (!live(from) || !live(to) || !from->recorded || !to->recorded || ((from->flags | to->flags) & 2) != 0) {
        return error(CODE_INVALID_HANDLE, "events that were not recorded, or without timing");
    }
    if (from->done < from->asked || to->done < to->asked) {
        return CODE_NOT_READY;
    }
    *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
    return CODE_SUCCESS;
}
