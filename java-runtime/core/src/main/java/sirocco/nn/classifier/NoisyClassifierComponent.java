package sirocco.nn.classifier;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import sirocco.folder.ComponentFolder;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkComponent;

/** Classifiers of noisy images. */
public final class NoisyClassifierComponent implements NetworkComponent {
    @Override
    public String className() {
        return NoisyClassifierConfig.CLASS;
    }

    @Override
    public Map<String, NoisyClassifierConfig> presets() {
        return Map.of("classifier", NoisyClassifierConfig.small());
    }

    @Override
    public NoisyClassifierConfig readConfig(ComponentFolder folder, Optional<ImageSize> size) throws IOException {
        return NoisyClassifierConfig.read(folder.config(), size);
    }
}
