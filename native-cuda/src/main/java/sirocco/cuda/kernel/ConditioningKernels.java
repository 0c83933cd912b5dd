package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Conditioning;
import sirocco.api.Random;
import sirocco.gpu.FaultMessages;

/** Embeddings and labels. */
final class ConditioningKernels {
    private final Storage storage;

    ConditioningKernels(Target target) {
        storage = target.activations();
    }

    Kernel timestepEmbedding(Conditioning.TimestepEmbedding op) {
        int n = op.y().shape().n();
        int dim = op.y().shape().c();
        return Kernel.of(m -> List.of(Launch.threads(storage.kernel("timestep_embedding"), (long) n * ((dim + 1) / 2), m.at(op.t()),
                op.flipSinToCos() ? 1 : 0, op.freqShift(), op.maxPeriod(), n, dim, m.at(op.y()))));
    }

    Kernel embedding(Conditioning.Embedding op) {
        int dim = op.table().shape().c();
        return Kernel.of(m -> List.of(Launch.blocks(storage.kernel("embedding"), op.ids().shape().elements(), 1, 1, m.at(op.ids()), m.at(op.table()),
                op.table().shape().n(), dim, m.at(op.y()), m.fault(), m.faultCode()))).withFault(FaultMessages.idOutside(op.table()));
    }

    Kernel embeddingBackward(Conditioning.EmbeddingBackward op) {
        int dim = op.dTable().shape().c();
        return Kernel.of(m -> List.of(Launch.threads(storage.kernel("embedding_backward"), dim, m.at(op.ids()), m.at(op.dy()), (int) op.ids().shape().elements(),
                op.dTable().shape().n(), dim, m.at(op.dTable()), m.fault(), m.faultCode()))).withFault(FaultMessages.idOutside(op.dTable()));
    }

    Kernel dropLabels(Random.DropLabels op) {
        int n = op.y().shape().n();
        return Kernel.of(m -> List.of(Launch.threads("drop_labels", n, m.at(op.labels()), m.at(op.rng()), m.at(op.index()), op.p(), op.nullLabel(), n,
                m.at(op.y()))));
    }
}
