package sirocco.model;

import java.io.IOException;
import java.util.Optional;
import sirocco.folder.ComponentFolder;

/** diffusers' {@code UNet2DModel}. */
public final class UNetComponent implements NetworkComponent<UNetConfig> {
    @Override
    public String className() {
        return UNetConfigJson.CLASS;
    }

    @Override
    public Class<UNetConfig> type() {
        return UNetConfig.class;
    }

    @Override
    public UNetConfig readConfig(ComponentFolder folder, Optional<ImageSize> size) throws IOException {
        return UNetConfig.read(folder.config(), size);
    }
}
