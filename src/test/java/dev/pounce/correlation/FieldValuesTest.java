package dev.pounce.correlation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.Detection;
import dev.pounce.testing.ADetection;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class FieldValuesTest {

    @Test
    void aNumberThatNothingCouldHoldWrittenOutIsAKeyLikeAnother() {
        // Given
        BigDecimal enormous = new BigDecimal("1e2147483647");
        Detection detection = ADetection.of("X").field("proc.vpid", enormous).build();

        // When
        Object key = FieldValues.value(detection, "proc.vpid");

        // Then
        assertThat(key).isEqualTo(enormous);
    }
}
