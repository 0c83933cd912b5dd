/** Recorded networks as calls of PyTorch, for the peers that Sirocco is timed beside: LibTorch in java-runtime/bench, PyTorch in build-scripts/torch-peer. */
package sirocco.torch;
