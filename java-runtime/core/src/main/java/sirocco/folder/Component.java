package sirocco.folder;

/** A class of components that a model folder can hold, such as a network or a scheduler. Each class has one instance, registered in one table. */
public interface Component {
    /** Returns diffusers' name of the class: {@code _class_name} in a configuration, and the second element of an entry in {@code model_index.json}. */
    String className();
}
