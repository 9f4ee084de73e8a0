package dev.pounce.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.testing.ADetection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkloadsTest {

    @ParameterizedTest
    @CsvSource({
        "cart-7d4b9c6f5d-xbz2k, pod/shop/cart-*",
        "node-agent-x5vb2, pod/shop/node-agent-*",
        "db-0, pod/shop/db-*",
        "db-primary, pod/shop/db-primary",
        "coredns-76f75df574-abcde, pod/shop/coredns-76f75df574-abcde",
        "web, pod/shop/web"
    })
    void theEndingThatAControllerGaveIsLeftOff(String pod, String workload) {
        assertThat(Workloads.of(ADetection.of("r")
                        .field("k8s.ns.name", "shop")
                        .field("k8s.pod.name", pod)
                        .build()))
                .isEqualTo(workload);
    }

    @ParameterizedTest
    @CsvSource({"web, container/web", "host, host", "<NA>, host"})
    void withoutAPodItIsTheContainerOrTheHost(String container, String workload) {
        assertThat(Workloads.of(
                        ADetection.of("r").field("container.name", container).build()))
                .isEqualTo(workload);
    }
}
