package sirocco.api;

import static sirocco.api.OperandRole.INDEX;
import static sirocco.api.OperandRole.STATISTIC;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/** Losses: one number of a batch. */
public sealed interface Loss extends Op {
    /** loss [1,1,1,1] = mean over all elements of weight[image] · (prediction − target)²; weight F32 [n,1,1,1], 1 where absent. */
    record MseLoss(@Reads Value prediction, @Reads Value target, @Reads(STATISTIC) Optional<Value> weight, @Writes(STATISTIC) Value loss) implements Loss {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Value squares = g.unary(g.subtract(prediction, target), UnaryFunction.SQUARE);
            Value weighted = weight.isPresent() ? g.multiply(squares, weight.get()) : squares;
            Value mean = g.mean(weighted, EnumSet.allOf(Axis.class));
            return Optional.of(List.of(mean));
        }

        @Override
        public void reverse(Reverse r) {
            if (weight.filter(r::needs).isPresent()) {
                r.byDecomposition(this);
                return;
            }
            Value d = r.temporary("d", prediction.shape());
            r.record(new MseLossBackward(prediction, target, weight, d));
            Value scaled = r.isUnit(loss) ? d : r.recording(g -> g.multiply(d, r.gradientOf(loss)));
            r.add(prediction, scaled);
            if (r.needs(target)) {
                r.add(target, r.recording(g -> g.scale(scaled, -1)));
            }
        }
    }

    /** dPrediction = 2 · weight[image] · (prediction − target) / elements: the gradient of {@link MseLoss}, if that of the loss is 1. */
    record MseLossBackward(@Reads Value prediction, @Reads Value target, @Reads(STATISTIC) Optional<Value> weight, @Writes Value dPrediction) implements Loss {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Value d = g.scale(g.subtract(prediction, target), 2.0 / prediction.shape().elements());
            return Optional.of(List.of(weight.isPresent() ? g.multiply(d, weight.get()) : d));
        }

        @Override
        public void reverse(Reverse r) {
            r.byDecomposition(this);
        }
    }

    /**
     * loss [1,1,1,1] = mean over n·h·w of −log softmax(logits)[label]. logits [n,h,w,classes], labels I32 [n,h,w,1] in 0 … classes − 1, anything else is an
     * error at run time. Primitive.
     */
    record CrossEntropy(@Reads Value logits, @Reads(INDEX) Value labels, @Writes(STATISTIC) Value loss) implements Loss {
        @Override
        public void reverse(Reverse r) {
            if (r.needs(logits)) {
                Value d = r.temporary("d", logits.shape());
                r.record(new CrossEntropyBackward(logits, labels, d));
                r.add(logits, r.isUnit(loss) ? d : r.recording(g -> g.multiply(d, r.gradientOf(loss))));
            }
        }
    }

    /** dLogits = (softmax(logits) − one-hot(label)) / (n·h·w): the gradient of {@link CrossEntropy}, if that of the loss is 1. Primitive. */
    record CrossEntropyBackward(@Reads Value logits, @Reads(INDEX) Value labels, @Writes Value dLogits) implements Loss {
        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of the cross-entropy are not implemented");
        }
    }

    /** Methods that record losses. */
    interface Recording extends Recorder {
        /** Records {@link MseLoss}. */
        default Value mseLoss(Value prediction, Value target, Optional<Value> weight) {
            same("mseLoss", "target", target.shape(), prediction.shape());
            weight.ifPresent(w -> same("mseLoss", "weight", w.shape(), Shape.features(prediction.shape().n(), 1)));
            Value loss = temporary("loss", Shape.SCALAR);
            return record(new MseLoss(prediction, target, weight, loss), loss);
        }

        /** Records {@link CrossEntropy}. */
        default Value crossEntropy(Value logits, Value labels) {
            check(labels.dtype() == DType.I32, "crossEntropy", () -> "labels must be I32, got " + labels);
            same("crossEntropy", "labels", labels.shape(), logits.shape().withC(1));
            Value loss = temporary("loss", Shape.SCALAR);
            return record(new CrossEntropy(logits, labels, loss), loss);
        }
    }
}
