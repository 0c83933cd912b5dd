#include "fibre.hpp"

#include <cstdint>

// A switch saves what a called function has to preserve; everything else is dead across a call.

#if defined(__x86_64__)

asm(R"(
    .text
    .globl emulated_switch_fibre
    .hidden emulated_switch_fibre
    .type emulated_switch_fibre, @function
emulated_switch_fibre:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulated_switch_fibre, .-emulated_switch_fibre
)");

void* emulated::make_fibre(void* stack, std::size_t bytes, void (*entry)()) {
    auto top = (reinterpret_cast<std::uintptr_t>(stack) + bytes) & ~std::uintptr_t{15};
    void** sp = reinterpret_cast<void**>(top);
    *--sp = nullptr;  // where a return address would be: the ABI wants rsp = 8 mod 16 on entry
    *--sp = reinterpret_cast<void*>(entry);
    for (int saved = 0; saved < 6; saved++) {
        *--sp = nullptr;
    }
    return sp;
}

#elif defined(__aarch64__)

asm(R"(
    .text
    .globl emulated_switch_fibre
    .hidden emulated_switch_fibre
    .type emulated_switch_fibre, %function
emulated_switch_fibre:
    stp x29, x30, [sp, #-160]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x2, sp
    str x2, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    ret
    .size emulated_switch_fibre, .-emulated_switch_fibre
)");

void* emulated::make_fibre(void* stack, std::size_t bytes, void (*entry)()) {
    auto top = (reinterpret_cast<std::uintptr_t>(stack) + bytes) & ~std::uintptr_t{15};
    void** sp = reinterpret_cast<void**>(top) - 20;
    for (int saved = 0; saved < 20; saved++) {
        sp[saved] = nullptr;
    }
    sp[1] = reinterpret_cast<void*>(entry);  // x30, where ret goes
    return sp;
}

#else
#error "the emulated driver knows how to switch stacks on x86-64 and aarch64 only"
#endif
