package sirocco.nn.unet;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import sirocco.folder.ComponentFolder;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkComponent;

/** diffusers' {@code UNet2DModel}. */
public final class UNetComponent implements NetworkComponent {
    @Override
    public String className() {
        return UNetConfigJson.CLASS;
    }

    @Override
    public Map<String, UNetConfig> presets() {
        return Map.of("small", UNetConfig.small(), "cifar10", UNetConfig.cifar10());
    }

    @Override
    public UNetConfig readConfig(ComponentFolder folder, Optional<ImageSize> size) throws IOException {
        return UNetConfig.read(folder.config(), size);
    }
}
