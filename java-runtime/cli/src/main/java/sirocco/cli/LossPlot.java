package sirocco.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import sirocco.io.AtomicFiles;
import sirocco.train.Metrics;

/** Draws the loss curve. */
final class LossPlot {
    /** Weight of a new value in the smoothed curve. */
    private static final double SMOOTHING = 0.05;

    private LossPlot() { }

    /** Writes the picture; where the system has no fonts to draw with, says so and leaves it out. */
    static void write(Path file, List<Metrics.Line> lines, PrintWriter print) throws IOException {
        if (lines.isEmpty()) {
            return;
        }
        double[] steps = lines.stream().mapToDouble(Metrics.Line::step).toArray();
        double[] losses = lines.stream().mapToDouble(Metrics.Line::loss).toArray();
        double[] smooth = losses.clone();
        for (int i = 1; i < smooth.length; i++) {
            smooth[i] = smooth[i - 1] + Math.max(SMOOTHING, 1.0 / (i + 1)) * (losses[i] - smooth[i - 1]);
        }
        try {
            XYChart chart = new XYChartBuilder().width(900).height(500).title("training loss").xAxisTitle("step").yAxisTitle("loss").build();
            chart.getStyler().setYAxisLogarithmic(true).setLegendPosition(Styler.LegendPosition.InsideNE);
            chart.addSeries("loss", steps, losses).setMarker(SeriesMarkers.NONE);
            chart.addSeries("smoothed", steps, smooth).setMarker(SeriesMarkers.NONE);
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", png);
            AtomicFiles.writeBytes(file, png.toByteArray());
        } catch (RuntimeException | LinkageError e) {
            // Java draws text with the system's fonts, which a bare server may lack; the run is not lost over a picture.
            print.println(file.getFileName() + " was not drawn: " + e + "; on Linux, installing fontconfig and a font helps. The numbers are in metrics.jsonl");
            print.flush();
        }
    }
}
