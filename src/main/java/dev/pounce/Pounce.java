package dev.pounce;

import io.quarkus.runtime.annotations.QuarkusMain;

@QuarkusMain
public final class Pounce {
    private Pounce() {}

    public static void main(String[] args) {
        System.out.println("pounce");
    }
}
