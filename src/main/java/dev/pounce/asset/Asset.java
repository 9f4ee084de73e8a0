package dev.pounce.asset;

/** Something a detection can speak of and an action can touch. */
public sealed interface Asset permits ProcessRef, ContainerRef, PodRef, NodeRef, ObjectRef, WorkloadRef, EndpointRef {

    /** How it is written in the journal and on a terminal; starts with the kind, such as {@code process/4711}. */
    String display();
}
