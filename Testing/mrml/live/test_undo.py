from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.mrml.live.undo import UndoHistory


@given(st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["undo", "redo"])), max_size=30))
def test_a_history_goes_back_and_forth(steps: list) -> None:
    history, states, place = UndoHistory(0), [0], 0
    for step in steps:
        if step == "undo":
            place = max(place - 1, 0)
            assert history.undo() == states[place]
        elif step == "redo":
            place = min(place + 1, len(states) - 1)
            assert history.redo() == states[place]
        else:
            history.record(step)
            if step != states[place]:
                states, place = [*states[: place + 1], step], place + 1
        assert history.present == states[place]
        assert history.can_undo == (place > 0)
        assert history.can_redo == (place < len(states) - 1)
