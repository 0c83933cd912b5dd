package sirocco.pipeline;

import sirocco.folder.Component;

/**
 * A class of schedulers. Its configuration is a text that {@link sirocco.diffusion.SchedulerConfig} parses.
 *
 * @param className diffusers' name of the class
 */
record SchedulerComponent(String className) implements Component { }
